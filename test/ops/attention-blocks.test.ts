import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { attentionBlocks } from "../../src/ops/attention-blocks";
import { packDocuments } from "../../src/model/parts/packed-batch";

const groupsOf = (lengths: readonly number[]) => packDocuments(lengths.map((length) => new Int32Array(length))).groups;

test("documents of one length, and those too different, are not padded", () => {
  assert.deepEqual(attentionBlocks({ heads: 2, groups: groupsOf([5, 5, 5]) }), {
    blocks: [{ row: 0, document: 0, documents: 3, length: 5 }],
  });
  const { blocks, places } = attentionBlocks({ heads: 12, groups: groupsOf([16, 4000]) });
  assert.deepEqual(blocks, [
    { row: 0, document: 0, documents: 1, length: 16 },
    { row: 16, document: 1, documents: 1, length: 4000 },
  ]);
  assert.equal(places, undefined);
});

test("each row has one place, behind the documents' ends there is none, and padding is bounded", () => {
  const random = new Random(3);
  for (let round = 0; round < 40; round++) {
    const lengths = Array.from(
      { length: 1 + random.below(20) },
      () => 1 + random.below(random.below(2) === 0 ? 12 : 900),
    );
    const groups = groupsOf(lengths);
    const heads = 1 + random.below(12);
    const { blocks, places = Int32Array.from({ length: lengths.reduce((a, b) => a + b) }, (_, row) => row) } =
      attentionBlocks({ heads, groups });
    assert.equal(
      blocks.reduce((sum, { documents }) => sum + documents, 0),
      lengths.length,
    );
    // The places, read back row by row, hold the rows in their order.
    const standing = blocks.flatMap(({ row, documents, length, padding }) =>
      padding === undefined
        ? Array.from({ length: documents * length }, (_, i) => row + i)
        : [...padding.rows].map((each, i) => (padding.tokens[i] === 1 ? each : -1)),
    );
    assert.deepEqual(
      [...places].map((place) => standing[place]),
      Array.from({ length: places.length }, (_, row) => row),
    );
    for (const { document, documents, length, padding } of blocks) {
      const own = [...lengths].sort((a, b) => a - b).slice(document, document + documents);
      assert.equal(length, Math.max(...own));
      assert.ok(heads * (documents * length ** 2 - own.reduce((sum, each) => sum + each ** 2, 0)) <= 2 ** 24);
      if (padding !== undefined)
        assert.deepEqual(
          own.map((_, i) => padding.tokens.subarray(i * length, (i + 1) * length).reduce((a, b) => a + b)),
          own,
        );
    }
  }
});
