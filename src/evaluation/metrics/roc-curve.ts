import type { WeightOptions } from "./sample-weight";
import { countAtThresholds } from "./threshold-counts";
import type { Label, Labels } from "./targets";

/** Points of a receiver operating characteristic, from (0, 0) to (1, 1). */
export interface RocCurve {
  /** False positive rates, ascending; NaN if no sample is negative. */
  readonly fpr: number[];
  /** True positive rates, ascending; NaN if no sample is positive. */
  readonly tpr: number[];
  /** Thresholds, descending; the first is Infinity. */
  readonly thresholds: number[];
}

/**
 * The ROC curve (receiver operating characteristic), as scikit-learn's `roc_curve`.
 *
 * @param yScore - scores, higher for positive samples, [samples]
 * @param options.posLabel - the positive label. @default 1, for labels of {0, 1} or {-1, 1}
 * @param options.dropIntermediate - whether to leave out points on a straight line between others. @default true
 * @throws TsloraError `bad-input` if lengths differ or a score is not finite.
 */
export function rocCurve(
  yTrue: Labels,
  yScore: ArrayLike<number>,
  options: WeightOptions & { readonly posLabel?: Label; readonly dropIntermediate?: boolean } = {},
): RocCurve {
  const { thresholds, truePositives: tps, falsePositives: fps } = countAtThresholds("rocCurve", yTrue, yScore, options);
  const last = thresholds.length - 1;
  const bends = (counts: readonly number[], i: number): boolean =>
    counts[i + 1] - counts[i] !== counts[i] - counts[i - 1];
  const kept = thresholds
    .map((_, i) => i)
    .filter((i) => options.dropIntermediate === false || i === 0 || i === last || bends(fps, i) || bends(tps, i));
  const rate = (counts: readonly number[]): number[] =>
    [0, ...kept.map((i) => counts[i])].map((count) => (counts[last] <= 0 ? NaN : count / counts[last]));
  return { fpr: rate(fps), tpr: rate(tps), thresholds: [Infinity, ...kept.map((i) => thresholds[i])] };
}
