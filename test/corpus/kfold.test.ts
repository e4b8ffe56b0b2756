import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import "../../src/ops/node-shims";
import { DataFrame } from "danfojs-node";

import { projectRoot } from "../../src/base/project-root";
import { TsloraError } from "../../src/base/tslora-error";
import { kFold, stratifiedKFold } from "../../src/corpus/split/kfold";
import { splitIndices, type SplitIndices } from "../../src/corpus/split/split-indices";

interface GoldenFolds {
  /** The number of rows, or a class for each; null for `row * 7919 % 10`. */
  readonly rows: number | (number | string)[] | null;
  readonly length: number;
  readonly nSplits: number;
  readonly shuffle: boolean;
  readonly randomState: number | null;
  readonly tests: readonly string[];
}
const { folds } = JSON.parse(readFileSync(join(projectRoot(), "test", "corpus", "golden-splits.json"), "utf8")) as {
  folds: GoldenFolds[];
};
const digest = (rows: readonly number[]): string => createHash("sha256").update(rows.join(",")).digest("hex");

function foldsOf({ rows, length, nSplits, shuffle, randomState }: GoldenFolds): SplitIndices[] {
  const options = { nSplits, shuffle, randomState: randomState ?? undefined };
  if (typeof rows === "number") return kFold(rows, options);
  return stratifiedKFold(rows ?? Array.from({ length }, (_, row) => (row * 7919) % 10), options);
}

test("folds are scikit-learn's, index for index, stratified or not, shuffled or not", () => {
  assert.ok(folds.length >= 10);
  for (const golden of folds) {
    const found = foldsOf(golden);
    assert.deepEqual(
      found.map(({ test: rows }) => digest(rows)),
      golden.tests,
      `${golden.length} rows, ${golden.nSplits} folds`,
    );
    assert.deepEqual(
      found.flatMap(({ test: rows }) => rows).sort((a, b) => a - b),
      Array.from({ length: golden.length }, (_, row) => row),
    );
    for (const { train, test: rows } of found) assert.equal(new Set([...train, ...rows]).size, golden.length);
  }
});

test("frames are folded by row and keep their index; the classes are a column", () => {
  const frame = new DataFrame({
    texts: ["a", "b", "c", "d", "e", "f"],
    label: [0, 0, 0, 1, 1, 1],
    place: ["x", "y", "x", "y", "x", "y"],
  });
  const [[train, tested]] = kFold(frame, { nSplits: 3 });
  assert.deepEqual(
    [train.index, tested.index, tested.column("texts").values],
    [
      [2, 3, 4, 5],
      [0, 1],
      ["a", "b"],
    ],
  );
  for (const [, part] of stratifiedKFold(frame, { nSplits: 3 }))
    assert.deepEqual([...part.column("label").values].sort(), [0, 1]);
  for (const [, part] of stratifiedKFold(frame, { nSplits: 3, stratify: "place", shuffle: true, randomState: 1 }))
    assert.deepEqual([...part.column("place").values].sort(), ["x", "y"]);
  assert.throws(() => stratifiedKFold(frame, { stratify: "class" }), /the column class; got texts, label, place/);
});

test("names are ordered by code point, as NumPy orders them", () => {
  // Ties of a stratified split are broken in the order of the classes: JavaScript's own order would give other rows.
  const stratify = ["\u{10000}", "\uffff", "a"].flatMap((name) => Array<string>(7).fill(name));
  const numbered = stratify.map((name) => ["a", "\uffff", "\u{10000}"].indexOf(name));
  for (let randomState = 0; randomState < 20; randomState++)
    assert.deepEqual(
      splitIndices(21, { testSize: 8, randomState, stratify }),
      splitIndices(21, { testSize: 8, randomState, stratify: numbered }),
    );
});

test("folds that cannot be made are refused for scikit-learn's reasons, all at once", () => {
  const refused = (call: () => unknown, ...parts: RegExp[]): void => {
    assert.throws(call, (error) => error instanceof TsloraError && parts.every((part) => part.test(error.message)));
  };
  refused(
    () => kFold(10, { nSplits: 1, randomState: 3 }),
    /at least 2; got 1/,
    /randomState must be left out without shuffle/,
  );
  refused(() => kFold(4), /at most the number of rows, 4; got 5/);
  refused(() => kFold(10, { shuffle: true }), /randomState must be a whole number/);
  refused(() => stratifiedKFold([0, 0, 1, 1, 1], { nSplits: 4 }), /members of the largest class, 3; got 4/);
  refused(() => stratifiedKFold([0, "0", 1]), /only numbers or only names; got string "0" at index 1/);
  refused(
    () => splitIndices(4, { testSize: 2, randomState: 0, stratify: [0, NaN, 0, NaN] }),
    /only numbers or only names/,
  );
});
