import { Problems } from "../../base/problems";
import { checkLabels, uniqueLabels, type Label, type Labels } from "../metrics/targets";
import { positiveLabelOf } from "../metrics/threshold-counts";
import { expectBins, expectProbabilities, type BinOptions } from "./check-probabilities";
import { numpyQuantiles, unitSteps } from "./numpy-quantile";

/** A reliability curve: bins of texts with similar probabilities. Bins without texts are left out. */
export interface CalibrationCurve {
  /** The share of positive texts in each bin. */
  readonly probTrue: readonly number[];
  /** The mean probability in each bin. */
  readonly probPred: readonly number[];
  /** Number of texts in each bin. */
  readonly counts: readonly number[];
}

/**
 * The reliability curve of one class, as scikit-learn's `calibration_curve`: in each bin of probabilities, the mean
 * probability and the share of texts that have the label. For a calibrated classifier both are equal (Niculescu-Mizil
 * and Caruana, "Predicting good probabilities with supervised learning", 2005).
 *
 * @param yProb - the positive label's probability, [samples]
 * @param options.bins - @default 5
 * @param options.posLabel - the positive label. @default 1
 * @throws TsloraError `bad-option` for a wrong number of bins or a `posLabel` that does not occur, `bad-input` if a
 *   value is not a probability, or it is unclear which label is positive.
 */
export function calibrationCurve(
  yTrue: Labels,
  yProb: ArrayLike<number>,
  options: BinOptions & { readonly posLabel?: Label } = {},
): CalibrationCurve {
  const { bins = 5, strategy = "uniform" } = options;
  const problems = new Problems("calibrationCurve");
  expectBins(problems, { bins, strategy });
  problems.throwIfAny();
  expectProbabilities("calibrationCurve", yTrue, yProb);
  const posLabel = positiveOf(yTrue, options.posLabel);
  const steps = unitSteps(bins + 1);
  // scikit-learn asks numpy.percentile, which divides by 100 again
  const edges =
    strategy === "uniform"
      ? steps
      : numpyQuantiles(
          yProb,
          steps.map((share) => (share * 100) / 100),
        );
  const inner = edges.slice(1, -1);
  const counts = Array.from({ length: bins }, () => 0);
  const [sums, positives] = [[...counts], [...counts]];
  for (let i = 0; i < yProb.length; i++) {
    const bin = countBelow(inner, yProb[i]);
    counts[bin]++;
    sums[bin] += yProb[i];
    if (yTrue[i] === posLabel) positives[bin]++;
  }
  const filled = counts.map((_, bin) => bin).filter((bin) => counts[bin] > 0);
  return {
    probTrue: filled.map((bin) => positives[bin] / counts[bin]),
    probPred: filled.map((bin) => sums[bin] / counts[bin]),
    counts: filled.map((bin) => counts[bin]),
  };
}

/**
 * The given label, or 1 if it occurs, against the rest; else as {@link positiveLabelOf}. A number need not occur among
 * numbers, as in scikit-learn: a class may be missing from a small part. A name must, since it may be misspelt.
 */
function positiveOf(yTrue: Labels, given: Label | undefined): Label {
  checkLabels("calibrationCurve", "yTrue", yTrue);
  const labels = uniqueLabels(yTrue);
  if (typeof given === "number" && typeof labels[0] === "number") return given;
  const wanted = given ?? 1;
  return labels.includes(wanted) ? wanted : positiveLabelOf("calibrationCurve", labels, given);
}

/** Number of edges below a value: a value on an edge is in the lower bin, as numpy.searchsorted places it. */
function countBelow(edges: readonly number[], value: number): number {
  let bin = 0;
  while (bin < edges.length && edges[bin] < value) bin++;
  return bin;
}
