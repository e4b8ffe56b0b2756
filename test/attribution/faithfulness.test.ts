import assert from "node:assert/strict";
import { test } from "node:test";

import { faithfulness } from "../../src/attribution/faithfulness";
import { leaveOneOut, randomScores } from "../../src/attribution/other-rankings";
import { wordsOf } from "../../src/attribution/words-of";
import { TsloraError } from "../../src/base/tslora-error";
import { trainBaseline } from "../../src/evaluation/baseline/evaluate-baseline";
import type { TextClassifier } from "../../src/evaluation/text-classifier";

/** A linear classifier over words: the logit of B is the sum of its words' weights. */
const WEIGHTS: Readonly<Record<string, number>> = { tumour: 2, cancer: 1, benign: -2, the: 0, cell: 0.25 };
const linear: TextClassifier = {
  labels: ["A", "B"],
  predictLogits: (texts) =>
    Promise.resolve(
      Float32Array.from(
        texts.flatMap((text) => {
          const words = [text].flat().join(" ").split(/\s+/);
          return [0, words.reduce((sum, word) => sum + (WEIGHTS[word] ?? 0), 0)];
        }),
      ),
    ),
};
const byCharacter = { maxLength: 100, encode: encodeCharacters };

/** A token for each character that is not a space, between two special tokens. */
function encodeCharacters(texts: readonly unknown[]): { ids: Int32Array; truncated: boolean }[] {
  return texts.map((text) => ({
    ids: Int32Array.from([1, ...String(text).replaceAll(/\s/g, ""), 2], (c) =>
      typeof c === "string" ? c.charCodeAt(0) + 3 : c,
    ),
    truncated: false,
  }));
}

const ranked = ["the tumour cell benign", "cancer the  cell"].map((text) => ({
  text,
  label: "B",
  words: wordsOf(byCharacter, text).map((word) => ({ ...word, score: 0 })),
}));

test("occlusion of a word in a linear classifier's text gives the word's weight", async () => {
  const scored = await leaveOneOut(linear, ranked);
  for (const { words } of scored) for (const { text, score } of words) assert.equal(score, WEIGHTS[text]);
});

test("deletion and insertion begin and end with the whole and the empty text; the true ranking has the best areas", async () => {
  const weights = await leaveOneOut(linear, ranked);
  const reversed = weights.map((one) => ({
    ...one,
    words: one.words.map((word) => ({ ...word, score: -word.score })),
  }));
  const found = await faithfulness(linear, { weights, reversed, random: randomScores(ranked, { seed: 1 }) });
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const whole = (sigmoid(0.25) + sigmoid(1.25)) / 2;
  for (const { shares, deletion, insertion } of Object.values(found)) {
    assert.deepEqual([shares.length, shares[0], shares.at(-1)], [11, 0, 1]);
    for (const [value, expected] of [
      [deletion.probabilities[0], whole],
      [deletion.probabilities.at(-1), 0.5],
      [insertion.probabilities[0], 0.5],
      [insertion.probabilities.at(-1), whole],
    ])
      assert.ok(Math.abs((value ?? NaN) - (expected ?? NaN)) < 1e-9);
  }
  assert.ok(found.weights.deletion.area <= Math.min(found.random.deletion.area, found.reversed.deletion.area));
  assert.ok(found.weights.insertion.area >= Math.max(found.random.insertion.area, found.reversed.insertion.area));
  assert.ok(found.weights.deletion.area < found.reversed.deletion.area);
});

test("the baseline's words are ranked as any classifier's", async () => {
  const rows = ["tumour found", "tumour cell", "benign cell", "benign found"].map((text, i) => ({
    text,
    label: i < 2 ? 1 : 0,
  }));
  const baseline = trainBaseline(rows, { labels: ["A", "B"] });
  const [{ words }] = await leaveOneOut(baseline, [
    {
      text: "a tumour found",
      label: "B",
      words: wordsOf(byCharacter, "a tumour found").map((w) => ({ ...w, score: 0 })),
    },
  ]);
  const score = (name: string): number => words.find(({ text }) => text === name)?.score ?? NaN;
  assert.ok(score("tumour") > score("found") && score("a") === 0);
});

test("the same seed gives the same random scores; bad input is refused", async () => {
  assert.deepEqual(randomScores(ranked, { seed: 3 }), randomScores(ranked, { seed: 3 }));
  assert.notDeepEqual(randomScores(ranked, { seed: 3 }), randomScores(ranked, { seed: 4 }));
  for (const shares of [[0], [0, 0], [0.5, 0.2], [0, 2], [NaN, 1]])
    await assert.rejects(
      faithfulness(linear, { ranked }, { shares }),
      (error) => error instanceof TsloraError && /shares must be two or more rising/.test(error.message),
    );
  await assert.rejects(faithfulness(linear, { none: [] }), /each ranking must have at least one text/);
  await assert.rejects(
    faithfulness(linear, { ranked: [{ ...ranked[0], label: "C" }] }),
    /every label must be the classifier's, A, B; got "C"/,
  );
  await assert.rejects(
    leaveOneOut(linear, [{ ...ranked[0], label: "C" }]),
    /leaveOneOut: every label must be the classifier's, A, B; got "C"/,
  );
});
