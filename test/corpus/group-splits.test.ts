import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import "../../src/ops/node-shims";
import { DataFrame } from "danfojs-node";

import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { groupKFoldIndices } from "../../src/corpus/split/group-kfold-indices";
import { groupShuffleSplitIndices } from "../../src/corpus/split/group-shuffle-split-indices";
import { groupKFold, groupShuffleSplit, stratifiedGroupKFold } from "../../src/corpus/split/group-splits";
import { repeatedStratifiedKFoldIndices } from "../../src/corpus/split/kfold-indices";
import { NumpyRandom } from "../../src/corpus/split/numpy-random";
import { stratifiedGroupKFoldIndices } from "../../src/corpus/split/stratified-group-kfold-indices";
import type { SplitIndices } from "../../src/corpus/split/split-indices";
import { withoutWarnings } from "../parity/without-warnings";

type Rows = readonly (number | string)[];
const goldens = JSON.parse(
  readFileSync(join(projectRoot(), "test", "corpus", "golden-group-splits.json"), "utf8"),
) as Record<string, string>[];

/** The rows of a seed, as golden-group-splits.py draws them. */
function drawn(seed: number): { groups: Rows; classes: Rows } {
  const length = 12 + (seed % 60);
  const random = new NumpyRandom(seed);
  const draw = (below: number): number[] => Array.from({ length }, () => random.uint32() % below);
  const groups = draw(2 + (seed % 17));
  const first = draw(1 + (seed % 11));
  const classes = draw(1 + (seed % 11)).map((label, row) => Math.min(label, first[row]));
  return seed % 2 === 1
    ? { groups: groups.map((group) => `g${group}`), classes: classes.map((label) => `c${label}`) }
    : { groups, classes };
}

function digest(split: () => SplitIndices[]): string {
  let folds: SplitIndices[];
  try {
    folds = split();
  } catch (error) {
    if (error instanceof TsloraError) return "refused";
    throw error;
  }
  const text = folds.flatMap(({ train, test: tested }) => [train.join(","), tested.join(",")]).join(";");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

test("splits by group and repeated folds are scikit-learn's for 200 seeds, index for index", () => {
  assert.equal(goldens.length, 200);
  withoutWarnings(() => {
    for (const [seed, golden] of goldens.entries()) {
      const { groups, classes } = drawn(seed);
      const nSplits = 2 + (seed % 4);
      const shuffled = { nSplits, shuffle: true, randomState: seed };
      const testSize = [undefined, 0.3, 1][seed % 3];
      assert.deepEqual(
        {
          groupKFold: digest(() => groupKFoldIndices(groups, { nSplits })),
          groupKFoldShuffled: digest(() => groupKFoldIndices(groups, shuffled)),
          stratifiedGroupKFold: digest(() => stratifiedGroupKFoldIndices(classes, { groups, nSplits })),
          stratifiedGroupKFoldShuffled: digest(() => stratifiedGroupKFoldIndices(classes, { groups, ...shuffled })),
          groupShuffleSplit: digest(() => groupShuffleSplitIndices(groups, { nSplits, testSize, randomState: seed })),
          repeatedStratifiedKFold: digest(() =>
            repeatedStratifiedKFoldIndices(classes, { nSplits, nRepeats: 3, randomState: seed }),
          ),
        },
        golden,
        `seed ${seed}`,
      );
    }
  });
});

test("frames are split by a column or a list of groups, and no group is in both parts", () => {
  const journal = ["A", "A", "B", "B", "C", "C", "D", "D"];
  const frame = new DataFrame({ texts: [..."abcdefgh"], label: [0, 0, 1, 1, 0, 0, 1, 1], journal });
  const apart = (parts: readonly [DataFrame, DataFrame][], count: number): void => {
    assert.equal(parts.length, count);
    for (const [train, tested] of parts) {
      const inTrain = new Set(train.column("journal").values as string[]);
      assert.ok((tested.column("journal").values as string[]).every((name) => !inTrain.has(name)));
      assert.equal(train.shape[0] + tested.shape[0], 8);
      assert.deepEqual(
        (tested.index as number[]).map((row) => journal[row]),
        tested.column("journal").values,
      );
    }
  };
  apart(groupKFold(frame, { groups: "journal", nSplits: 4 }), 4);
  apart(groupKFold(frame, { groups: journal, nSplits: 2, shuffle: true, randomState: 1 }), 2);
  apart(groupShuffleSplit(frame, { groups: "journal", nSplits: 3, testSize: 0.5, randomState: 7 }), 3);
  const stratified = stratifiedGroupKFold(frame, { groups: "journal", nSplits: 2 });
  apart(stratified, 2);
  for (const [, tested] of stratified)
    assert.deepEqual([...(tested.column("label").values as number[])].sort(), [0, 0, 1, 1]);
});

test("groups that cannot be split are refused with the option's name", () => {
  const refused = (call: () => unknown, ...parts: RegExp[]): void =>
    assert.throws(call, (error) => error instanceof TsloraError && parts.every((part) => part.test(error.message)));
  refused(() => groupKFoldIndices([1, 1, 2], { nSplits: 3 }), /the number of groups, 2; got 3/);
  refused(
    () => groupKFoldIndices([1, "b", 2]),
    /groups must hold only numbers or only names; got string "b" at index 1/,
  );
  refused(() => stratifiedGroupKFoldIndices([0, 1], { groups: ["a"] }), /a group for each of 2 rows; got 1/);
  refused(
    () => groupShuffleSplitIndices(["a", "b"], { testSize: 2, nSplits: 0, randomState: -1 }),
    /testSize must be a fraction between 0 and 1 or a whole number from 1 to 1; got 2/,
    /nSplits must be a whole number of at least 1; got 0/,
    /randomState/,
  );
  refused(() => groupShuffleSplitIndices(["a", "a"], { randomState: 1 }), /the train set must have a group/);
  refused(() => repeatedStratifiedKFoldIndices([0, 1], { nRepeats: 0, randomState: 1 }), /nRepeats/);
  const frame = new DataFrame({ texts: ["a"], label: [0] });
  refused(() => groupKFold(frame, { groups: "journal" }), /the column journal; got texts, label/);
});
