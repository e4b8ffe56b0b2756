import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { describeCorpus } from "../../src/corpus/describe-corpus";
import { findLeaks } from "../../src/corpus/split/find-leaks";
import { readFrame } from "../../src/corpus/read-frame";
import { toFrame } from "../../src/corpus/to-frame";

const frameOf = (...rows: [ID: string, texts: string, label?: number][]): ReturnType<typeof toFrame> =>
  toFrame(rows.map(([ID, texts, label = 0]) => ({ ID, texts, label })));

test("a corpus is described by counts, lengths in words and repeated texts", () => {
  const frame = frameOf(
    ["1", "one two  three", 1],
    ["2", "one", 0],
    ["3", "One, two. THREE!", 1],
    ["4", "a b c d e f\ng h", 1],
  );
  const { count, labels, words, lengths, sameText } = describeCorpus(frame);
  assert.deepEqual([count, lengths, sameText], [4, [3, 1, 3, 8], [["1", "3"]]]);
  assert.deepEqual(labels, [
    { label: 0, count: 1, share: 0.25 },
    { label: 1, count: 3, share: 0.75 },
  ]);
  // p95 is NumPy's percentile([1, 3, 3, 8], 95), to the last bit
  assert.deepEqual(words, { min: 1, mean: 3.75, median: 3, p95: 7.249999999999998, max: 8 });
});

test("texts that two parts share are found by ID and by content", () => {
  const train = frameOf(["1", "<ID:1>\nTitle: A.\nAbstract: Ce\u00e7i n'est pas."], ["2", "other"], ["3", "same"]);
  const tested = frameOf(
    ["9", "<ID:9>\nTitle:  a\nAbstract: ce\u0063\u0327i N\u2019est pas"],
    ["2", "changed"],
    ["3", "Same."],
    ["4", "new"],
  );
  assert.deepEqual(findLeaks(train, tested), { byId: ["2", "3"], byText: [{ train: "1", test: "9" }] });
  assert.deepEqual(findLeaks(train, frameOf(["7", "unlike"])), { byId: [], byText: [] });
});

test("texts that differ in vowel signs, or have no letters and differ, are not the same", () => {
  const texts = ["\u0915\u093f", "\u0915\u093e", "\u{1f600}", " \u{1f621}", "\u{1f621}", "?!", "..."];
  const frame = frameOf(...texts.map((text, i): [string, string] => [String(i), text]));
  assert.deepEqual(describeCorpus(frame).sameText, [["3", "4"]]);
  const [hindi, emoji] = [frameOf(["a", "\u0915\u093f"]), frameOf(["b", "\u{1f600}"])];
  assert.deepEqual(findLeaks(hindi, frameOf(["c", "\u0915\u093e"], ["d", "\u0915\u093f!"])).byText, [
    { train: "a", test: "d" },
  ]);
  assert.deepEqual(findLeaks(emoji, frameOf(["c", "..."], ["d", "\u{1f600}"])).byText, [{ train: "b", test: "d" }]);
  assert.deepEqual(findLeaks(frameOf(["a", "Love it \u2764\ufe0f"]), frameOf(["b", "love it"])).byText, [
    { train: "a", test: "b" },
  ]);
});

test("a frame that is not a corpus is refused with column and row", () => {
  const refused = (label: number, expected: RegExp): void => {
    assert.throws(
      () => readFrame(frameOf(["1", "a", 0], ["2", "b", label])),
      (error: unknown) => error instanceof TsloraError && error.code === "bad-input" && expected.test(error.message),
    );
  };
  refused(-1, /column label must hold .*; got -1 in row 1/);
  refused(0.5, /column label must hold .*; got 0.5 in row 1/);
});
