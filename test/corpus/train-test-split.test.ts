import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import "../../src/ops/node-shims";
import { DataFrame } from "danfojs-node";

import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { NumpyRandom } from "../../src/corpus/split/numpy-random";
import { splitIndices } from "../../src/corpus/split/split-indices";
import { trainTestSplit } from "../../src/corpus/split/train-test-split";

interface GoldenSplit {
  length: number;
  trainSize: number | null;
  testSize: number | null;
  randomState: number;
  shuffle?: boolean;
  stratify?: (number | string)[] | null;
  train?: number[];
  test?: number[];
  trainSha256?: string;
  testSha256?: string;
}
interface Golden {
  generator: { seed: number; uint32: number[] };
  plain: GoldenSplit[];
  stratified: GoldenSplit[];
  study: { trainSha256: string; testSha256: string; validationSha256: string };
}
const golden = JSON.parse(readFileSync(join(projectRoot(), "test", "corpus", "golden-splits.json"), "utf8")) as Golden;
const digest = (rows: readonly (number | string)[]): string =>
  createHash("sha256").update(rows.join(",")).digest("hex");

// The labels of golden-splits.py's larger stratified cases, by their length.
const longLabels: Readonly<Record<number, (row: number) => number>> = {
  600: (row) => (row < 292 ? 1 : 0),
  5000: (row) => (row * 7919) % 10,
};

function check(expected: GoldenSplit): void {
  const stratify =
    expected.stratify ??
    ("stratify" in expected
      ? Array.from({ length: expected.length }, (_, row) => longLabels[expected.length](row))
      : undefined);
  const { train, test: tested } = splitIndices(expected.length, {
    trainSize: expected.trainSize ?? undefined,
    testSize: expected.testSize ?? undefined,
    randomState: expected.randomState,
    shuffle: expected.shuffle,
    stratify,
  });
  if (expected.train !== undefined)
    assert.deepEqual({ train, test: tested }, { train: expected.train, test: expected.test });
  else assert.deepEqual([digest(train), digest(tested)], [expected.trainSha256, expected.testSha256]);
}

test("the generator gives the numbers of NumPy's RandomState, also after its state is renewed", () => {
  const random = new NumpyRandom(golden.generator.seed);
  const drawn = Array.from({ length: 700 }, () => random.uint32());
  assert.deepEqual(
    [0, 1, 2, 623, 624, 699].map((i) => drawn[i]),
    golden.generator.uint32,
  );
});

test("splits equal scikit-learn's, index for index", async (t) => {
  for (const expected of golden.plain) {
    await t.test(
      `${expected.length} rows, train ${expected.trainSize}, test ${expected.testSize}, seed ${expected.randomState}`,
      () => check(expected),
    );
  }
});

test("stratified splits equal scikit-learn's, index for index, ties included", async (t) => {
  for (const expected of golden.stratified) {
    await t.test(
      `${expected.length} rows, train ${expected.trainSize}, test ${expected.testSize}, seed ${expected.randomState}`,
      () => check(expected),
    );
  }
});

test("frames are split by row, keep their index, and two calls make the study's 600, 200, 200", () => {
  const rows = Array.from({ length: 1000 }, (_, i) => i);
  const frame = new DataFrame({
    texts: rows.map((i) => `text ${i}`),
    ID: rows.map((i) => `S${i}`),
    label: rows.map((i) => i % 2),
  });
  const [train, rest] = trainTestSplit(frame, { trainSize: 0.6, randomState: 42 });
  const [tested, validation] = trainTestSplit(rest, { testSize: 0.5, randomState: 42 });
  assert.deepEqual(
    [train.shape, tested.shape, validation.shape],
    [
      [600, 3],
      [200, 3],
      [200, 3],
    ],
  );
  assert.deepEqual(
    [train, tested, validation].map((part) => digest(part.index)),
    [golden.study.trainSha256, golden.study.testSha256, golden.study.validationSha256],
  );
  assert.deepEqual(
    validation.column("ID").values,
    validation.index.map((row) => `S${row}`),
  );
});

test("every row is in at most one part, and stratified parts keep the classes' shares", () => {
  const stratify = Array.from({ length: 103 }, (_, i) => (i % 4 === 0 ? "few" : "many"));
  const { train, test: tested } = splitIndices(103, { testSize: 0.25, randomState: 5, stratify });
  assert.deepEqual(
    [...train, ...tested].sort((a, b) => a - b),
    Array.from({ length: 103 }, (_, i) => i),
  );
  const few = tested.filter((row) => stratify[row] === "few").length;
  assert.ok(Math.abs(few - (26 / 103) * tested.length) < 1, `${few} of ${tested.length}`); // 26 of the 103 rows are few
});

test("classes of any number of rows are divided", () => {
  const stratify = Array.from({ length: 400_000 }, (_, row) => row % 2);
  const { train, test: tested } = splitIndices(stratify.length, { testSize: 0.25, randomState: 1, stratify });
  assert.deepEqual([train.length, tested.length], [300_000, 100_000]);
  assert.equal(new Set([...train, ...tested]).size, stratify.length);
});

test("all bad options are listed in one error", () => {
  const refused = (length: number, options: Parameters<typeof splitIndices>[1], ...parts: RegExp[]): void => {
    assert.throws(
      () => splitIndices(length, options),
      (error: unknown) => {
        assert.ok(error instanceof TsloraError && error.code === "bad-option");
        for (const part of parts) assert.match(error.message, part);
        return true;
      },
    );
  };
  refused(
    10,
    { trainSize: 1.5, testSize: -1, randomState: 0.5 },
    /trainSize.*1\.5/,
    /testSize.*-1/,
    /randomState.*0\.5/,
  );
  refused(10, { trainSize: Number.NaN, randomState: 2 ** 32 }, /trainSize.*NaN/, /randomState.*4294967296/);
  refused(10, { trainSize: 0.7, testSize: 0.5, randomState: 0 }, /at most 10 rows/);
  refused(10, { trainSize: 8, testSize: 5, randomState: 0 }, /8 \+ 5/);
  refused(10, { trainSize: 0.05, randomState: 0 }, /the train set must have a row/);
  refused(
    10,
    { randomState: 0, shuffle: false, stratify: [0, 1] },
    /shuffle must be true with stratify/,
    /each of 10 rows; got 2/,
  );
  refused(4, { testSize: 2, randomState: 0, stratify: [0, 0, 0, 1] }, /one of 1/);
  refused(6, { testSize: 1, randomState: 0, stratify: [0, 0, 0, 1, 1, 1] }, /2 rows or more/);
});
