import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { Random } from "../../src/base/random";
import { epochBatches } from "../../src/training/data/batches";
import { ratioOf, type Comparison } from "./bench-line";
import { fitLine } from "./fit-line";
import { markdownReport } from "./report";
import { dealBatches, planEpoch, total } from "./sample-batches";

const comparison = (more: Partial<Comparison>): Comparison => ({
  work: "w",
  against: "a",
  unit: "s",
  ours: [1, 2, 4],
  theirs: [3, 4, 20],
  combine: "median",
  ...more,
});

describe("ratios", () => {
  test("are the median of the rounds' ratios, not the ratio of the medians", () => {
    assert.deepEqual(ratioOf(comparison({})), { ours: 2, theirs: 4, ratio: 3, lowest: 2, highest: 5 });
  });

  test("are ratios of sums if the rounds are parts of one whole", () => {
    assert.deepEqual(ratioOf(comparison({ combine: "sum" })), {
      ours: 7,
      theirs: 27,
      ratio: 27 / 7,
      lowest: 2,
      highest: 5,
    });
  });

  test("are marked if only the ratio is within its bound", () => {
    const verdict = (atLeast: number, aim: number): string =>
      markdownReport([comparison({ bar: { atLeast, aim } })], { facts: [], preface: [] });
    assert.match(verdict(2, 3), /aim held/);
    assert.match(verdict(2, 3.1), /\| held \|/);
    assert.match(verdict(3.1, 4), /NOT HELD/);
  });
});

describe("samples", () => {
  const random = new Random(3);
  const lengths = Array.from({ length: 600 }, () => Math.min(512, Math.round(Math.exp(5.7 + 0.4 * random.normal()))));

  test("of an epoch are batches of train with the same seed, and represent the whole epoch", () => {
    for (const groupByLength of [false, true]) {
      const plan = planEpoch(lengths, { seed: 42, batchSize: 16, groupByLength, from: 1, to: 7 });
      assert.deepEqual(
        plan.batches,
        epochBatches(lengths, {
          batchSize: 16,
          seed: plan.seed,
          epoch: 0,
          strategy: groupByLength ? "group_by_length" : "random",
        }),
      );
      const share = (of: readonly number[]): number => total(of.slice(1, 7)) / total(of);
      assert.ok(Math.abs(share(plan.tokens) / (96 / 600) - 1) < 0.05);
      assert.ok(Math.abs(share(plan.padded) / (96 / 600) - 1) < 0.05);
    }
  });

  test("of sorted batches are distributed once each over rounds of similar length", () => {
    const batches = Array.from({ length: 63 }, (_, i) => [i]);
    const rounds = dealBatches(batches, { rounds: 7, aRound: 3 });
    assert.deepEqual(
      rounds.map(({ length }) => length),
      Array<number>(7).fill(3),
    );
    assert.equal(new Set(rounds.flat(2)).size, 21);
    for (const round of rounds) assert.ok(Math.abs(total(round.flat()) / 3 - 31) < 5);
    assert.deepEqual(
      dealBatches(batches, { rounds: 6, aRound: Infinity })
        .flat(2)
        .sort((a, b) => a - b),
      batches.flat(),
    );
  });
});

test("a fitted line gives the slope and its uncertainty", () => {
  const x = [0, 1, 2, 3, 4];
  assert.deepEqual(
    fitLine(
      x,
      x.map((value) => 3 - 2 * value),
    ),
    { slope: -2, error: 0 },
  );
  // By hand: residuals of 1, -1, 0, -1, 1 do not change the slope; their squares are 4, over 3 degrees and 10 of
  // spread.
  const { slope, error } = fitLine(x, [1, 0, 2, 2, 5]);
  assert.ok(Math.abs(slope - 1) < 1e-12 && Math.abs(error - Math.sqrt(4 / 3 / 10)) < 1e-12);
});
