import assert from "node:assert/strict";
import { test } from "node:test";

import { Random } from "../../src/base/random";
import { TsloraError } from "../../src/base/tslora-error";
import { bootstrapInterval } from "../../src/evaluation/intervals/bootstrap-interval";
import { mcnemarTest } from "../../src/evaluation/intervals/mcnemar-test";
import { normalQuantile } from "../../src/evaluation/intervals/normal-quantile";
import { wilsonInterval } from "../../src/evaluation/intervals/wilson-interval";
import { pairwiseSum } from "../../src/base/pairwise-sum";
import { mean } from "../../src/evaluation/metrics/mean";
import { assertClose, readGolden } from "./golden";

type IntervalCase =
  | {
      readonly kind: "wilson";
      readonly k: number;
      readonly n: number;
      readonly confidence: number;
      readonly low: number;
      readonly high: number;
    }
  | { readonly kind: "mcnemar"; readonly onlyBefore: number; readonly onlyAfter: number; readonly pValue: number }
  | { readonly kind: "quantile"; readonly p: number; readonly z: number }
  | { readonly kind: "sum"; readonly values: readonly number[]; readonly sum: number; readonly mean: number };

const cases = readGolden<IntervalCase>("golden-intervals.json");
const only = <Kind extends IntervalCase["kind"]>(kind: Kind): Extract<IntervalCase, { kind: Kind }>[] => {
  const found = cases.filter((c): c is Extract<IntervalCase, { kind: Kind }> => c.kind === kind);
  assert.ok(found.length > 8, kind);
  return found;
};

test("Wilson's intervals are SciPy's", () => {
  for (const { k, n, confidence, low, high } of only("wilson")) {
    const interval = wilsonInterval(k, n, { confidence });
    assertClose([interval.low, interval.high], [low, high], `${k} of ${n}`);
  }
  assert.deepEqual([wilsonInterval(0, 5).low, wilsonInterval(5, 5).high], [0, 1]);
});

test("McNemar's exact test is SciPy's binomial test", () => {
  for (const { onlyBefore, onlyAfter, pValue } of only("mcnemar")) {
    const pairs = [
      ...Array<[boolean, boolean]>(onlyBefore).fill([true, false]),
      ...Array<[boolean, boolean]>(onlyAfter).fill([false, true]),
      [true, true] as const,
      [false, false] as const,
    ];
    const result = mcnemarTest(
      pairs.map(([before]) => before),
      pairs.map(([, after]) => after),
    );
    assert.deepEqual([result.onlyBefore, result.onlyAfter], [onlyBefore, onlyAfter]);
    assert.ok(
      Math.abs(result.pValue - pValue) <= 1e-11 * pValue,
      `${onlyBefore} against ${onlyAfter}: ${result.pValue} is not ${pValue}`,
    );
  }
});

test("normal quantiles are SciPy's", () => {
  for (const { p, z } of only("quantile")) assertClose(normalQuantile(p), z, `p = ${p}`, 1e-14);
});

test("sums are NumPy's to the last bit", () => {
  for (const { values, sum, mean: expected } of only("sum")) {
    assert.equal(pairwiseSum(values), sum, `${values.length} numbers`);
    assert.equal(mean(values), expected);
  }
});

test("a bootstrap interval is the same for the same seed and near Wilson's for a share", () => {
  const random = new Random(1);
  const right: number[] = Array.from({ length: 400 }, () => (random.uniform() < 0.8 ? 1 : 0));
  const share = (indices: Uint32Array): number => indices.reduce((sum, i) => sum + right[i], 0) / indices.length;
  const interval = bootstrapInterval(share, { n: 400, seed: 7 });
  assert.deepEqual(bootstrapInterval(share, { n: 400, seed: 7 }), interval);
  assert.notDeepEqual(bootstrapInterval(share, { n: 400, seed: 8 }), interval);
  const wilson = wilsonInterval(
    right.reduce((a, b) => a + b, 0),
    400,
  );
  assert.ok(Math.abs(interval.low - wilson.low) < 0.01 && Math.abs(interval.high - wilson.high) < 0.01);
  assert.deepEqual(
    bootstrapInterval(() => 3, { n: 2, resamples: 5, confidence: 0.9 }),
    { low: 3, high: 3, confidence: 0.9, method: "bootstrap" },
  );
});

test("resamples in which a statistic is not a number are left out of its interval", () => {
  const options = { n: 2, resamples: 100 };
  const ofOneSample = (indices: Uint32Array): boolean => indices[0] === indices[1]; // half of the resamples
  assert.deepEqual(
    bootstrapInterval((indices) => (ofOneSample(indices) ? NaN : 3), options),
    { low: 3, high: 3, confidence: 0.95, method: "bootstrap" },
  );
  const { low, high } = bootstrapInterval(() => NaN, options);
  assert.ok(Number.isNaN(low) && Number.isNaN(high));
});

test("a paired difference has a narrower interval than an unpaired one", () => {
  const random = new Random(2);
  const before: number[] = Array.from({ length: 300 }, () => (random.uniform() < 0.7 ? 1 : 0));
  const after = before.map((right) => (random.uniform() < 0.05 ? 1 : right)); // never worse
  const change = bootstrapInterval(
    (indices) => indices.reduce((sum, i) => sum + after[i] - before[i], 0) / indices.length,
    { n: 300 },
  );
  const apart = wilsonInterval(
    before.reduce((a, b) => a + b, 0),
    300,
  );
  assert.ok(change.low >= 0 && change.high - change.low < apart.high - apart.low);
});

test("bad options are refused, all at once", () => {
  assert.throws(
    () => wilsonInterval(6, 5, { confidence: 95 }),
    (error) => error instanceof TsloraError && /from 0 to n = 5; got 6[^]*such as 0.95; got 95/.test(error.message),
  );
  assert.throws(() => wilsonInterval(0, 0), TsloraError);
  assert.throws(() => mcnemarTest([true], []), /the same samples; got 1 and 0/);
  assert.throws(() => bootstrapInterval(() => 0, { n: 0, resamples: 0.5 }), /n must be[^]*resamples must be/);
});
