import assert from "node:assert/strict";
import { test } from "node:test";

import { readFrame } from "../../src/corpus/read-frame";
import { subsampleLabel } from "../../src/corpus/split/subsample-label";
import { toFrame } from "../../src/corpus/to-frame";

const frame = toFrame(Array.from({ length: 100 }, (_, i) => ({ texts: `text ${i}`, ID: `S${i}`, label: i % 2 })));

test("a label is reduced to the given share, the others stay, and rows keep their order and index", () => {
  const rare = subsampleLabel(frame, { label: 1, share: 0.1, randomState: 3 });
  const { label, ID } = readFrame(rare);
  // 5.56 to the nearest.
  assert.deepEqual([label.filter((one) => one === 0).length, label.filter((one) => one === 1).length], [50, 6]);
  assert.deepEqual(
    ID,
    rare.index.map((row) => `S${row}`),
  );
  assert.deepEqual(
    [...rare.index],
    [...rare.index].sort((a, b) => Number(a) - Number(b)),
  );
  assert.deepEqual(subsampleLabel(frame, { label: 1, share: 0.1, randomState: 3 }).index, rare.index);
  assert.notDeepEqual(subsampleLabel(frame, { label: 1, share: 0.1, randomState: 4 }).index, rare.index);
  assert.equal(subsampleLabel(frame, { label: 0, share: 0.001, randomState: 0 }).shape[0], 51);
});

test("a share that is impossible is refused", () => {
  assert.throws(
    () => subsampleLabel(frame, { label: 1, share: 0.6, randomState: 0 }),
    /there must be 75 rows or more of label 1, which is 0\.6 of all with the 50 other rows; there are 50/,
  );
  assert.throws(
    () => subsampleLabel(frame, { label: 1, share: 1, randomState: -1 }),
    /between 0 and 1; got 1[^]*randomState/,
  );
});
