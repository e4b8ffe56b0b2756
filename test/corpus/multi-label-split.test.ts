import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { multiLabelSplitIndices } from "../../src/corpus/split/multi-label-split";

interface SplitCase {
  readonly flags: readonly (readonly number[])[];
  readonly sizes: readonly number[];
  readonly randomState: number;
  readonly parts: readonly (readonly number[])[];
}

const cases = JSON.parse(
  readFileSync(join(projectRoot(), "test", "corpus", "golden-multi-label-splits.json"), "utf8"),
) as SplitCase[];

test("the parts' rows equal those of the package iterative-stratification, index for index", () => {
  for (const { flags, sizes, randomState, parts } of cases)
    assert.deepEqual(multiLabelSplitIndices(flags, { sizes, randomState }), parts, `${sizes.join()} of ${randomState}`);
});

test("each row is in one part, and each part has its share of every label, rare ones too", () => {
  const flags = Array.from({ length: 200 }, (_, i) => [Number(i % 2 === 0), Number(i % 40 === 3), Number(i < 20)]);
  const parts = multiLabelSplitIndices(flags, { sizes: [120, 40, 40], randomState: 42 });
  assert.deepEqual(
    parts.flat().sort((a, b) => a - b),
    flags.map((_, row) => row),
  );
  const counts = parts.map((rows) => [0, 1, 2].map((label) => rows.filter((row) => flags[row][label] === 1).length));
  assert.deepEqual(counts, [
    [60, 3, 12],
    [20, 1, 4],
    [20, 1, 4],
  ]);
});

test("sizes that do not sum to the rows, and a missing seed, are reported in one error", () => {
  const flags = [[1], [0], [1]];
  assert.throws(
    () => multiLabelSplitIndices(flags, { sizes: [2, 2], randomState: -1 }),
    /sizes must be two whole numbers or more, each above 0, which make 3 rows; got 2, 2[^]*randomState must be/,
  );
  assert.throws(() => multiLabelSplitIndices(flags, { sizes: [3, 0], randomState: 1 }), /got 3, 0/);
});
