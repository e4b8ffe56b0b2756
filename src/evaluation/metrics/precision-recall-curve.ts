import type { WeightOptions } from "./sample-weight";
import { countAtThresholds } from "./threshold-counts";
import type { Label, Labels } from "./targets";

/** Precision and recall at each threshold, and one more point, (1, 0). */
export interface PrecisionRecallCurve {
  readonly precision: number[];
  /** Descending; all 1 if no sample is positive. */
  readonly recall: number[];
  /** Ascending. */
  readonly thresholds: number[];
}

/**
 * The precision-recall curve, as scikit-learn's `precision_recall_curve`.
 *
 * @param yScore - scores, higher for positive samples, [samples]
 * @param options.posLabel - the positive label. @default 1, for labels of {0, 1} or {-1, 1}
 * @param options.dropIntermediate - whether to leave out thresholds between two of the same recall. @default false
 * @throws TsloraError `bad-input` if lengths differ or a score is not finite.
 */
export function precisionRecallCurve(
  yTrue: Labels,
  yScore: ArrayLike<number>,
  options: WeightOptions & { readonly posLabel?: Label; readonly dropIntermediate?: boolean } = {},
): PrecisionRecallCurve {
  const {
    thresholds,
    truePositives: tps,
    falsePositives: fps,
  } = countAtThresholds("precisionRecallCurve", yTrue, yScore, options);
  const last = thresholds.length - 1;
  const rising = thresholds
    .map((_, i) => i)
    .filter(
      (i) =>
        options.dropIntermediate !== true || i === 0 || i === last || tps[i] !== tps[i - 1] || tps[i + 1] !== tps[i],
    )
    .reverse();
  return {
    precision: [...rising.map((i) => (tps[i] + fps[i] === 0 ? 0 : tps[i] / (tps[i] + fps[i]))), 1],
    recall: [...rising.map((i) => (tps[last] === 0 ? 1 : tps[i] / tps[last])), 0],
    thresholds: rising.map((i) => thresholds[i]),
  };
}
