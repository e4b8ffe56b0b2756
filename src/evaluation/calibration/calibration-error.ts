import { Problems } from "../../base/problems";
import { decideClass } from "../decide-labels";
import { mean } from "../metrics/mean";
import {
  DEFAULT_BINS,
  expectBins,
  expectProbabilities,
  expectRows,
  type BinOptions,
  type Probabilities,
} from "./check-probabilities";
import { numpyQuantiles, unitSteps } from "./numpy-quantile";

/**
 * The expected calibration error, ECE: the mean distance between confidence and accuracy over bins, weighted by their
 * number of texts (Naeini et al., "Obtaining well calibrated probabilities using Bayesian binning", 2015; Guo et al.,
 * "On calibration of modern neural networks", 2017), as netcal's `ECE`. With the strategy "quantile" bins hold equally
 * many texts.
 *
 * @param yTrue - classes, counted from 0; for one probability a text, 1 is the positive class
 * @param yProba - [samples]: the positive class's probability. [samples, 2]: the second class's is taken. [samples,
 *   classes]: of three classes or more, the predicted class's, and whether it is right (top-label)
 * @throws TsloraError `bad-option` for a wrong number of bins, `bad-input` if a value is not a probability.
 */
export function expectedCalibrationError(
  yTrue: ArrayLike<number>,
  yProba: Probabilities,
  options: BinOptions = {},
): number {
  const gaps = calibrationGaps("expectedCalibrationError", confidences(yTrue, yProba), options);
  return gaps.reduce((sum, { gap, share }) => sum + gap * share, 0);
}

/**
 * The maximum calibration error, MCE: the largest distance between confidence and accuracy of a bin, as netcal's `MCE`.
 * A bin with few texts can decide it.
 *
 * @throws TsloraError as {@link expectedCalibrationError} does.
 */
export function maximumCalibrationError(
  yTrue: ArrayLike<number>,
  yProba: Probabilities,
  options: BinOptions = {},
): number {
  const gaps = calibrationGaps("maximumCalibrationError", confidences(yTrue, yProba), options);
  return gaps.reduce((max, { gap }) => Math.max(max, gap), 0);
}

/**
 * The classwise expected calibration error: the mean ECE of each class against the rest (Kull et al., "Beyond
 * temperature scaling", 2019).
 *
 * @param yProba - [samples, classes]
 * @throws TsloraError as {@link expectedCalibrationError} does.
 */
export function classwiseCalibrationError(
  yTrue: ArrayLike<number>,
  yProba: readonly (readonly number[])[],
  options: BinOptions = {},
): number {
  const width = expectRows("classwiseCalibrationError", yProba, yTrue);
  const errors = Array.from({ length: width }, (_, label) =>
    expectedCalibrationError(
      Array.from(yTrue, (own) => Number(own === label)),
      yProba.map((row) => row[label]),
      options,
    ),
  );
  return mean(errors);
}

interface Confidences {
  readonly right: readonly number[];
  readonly confidence: readonly number[];
}

function confidences(yTrue: ArrayLike<number>, yProba: Probabilities): Confidences {
  if (!isRows(yProba)) return { right: Array.from(yTrue, (own) => Number(own === 1)), confidence: Array.from(yProba) };
  const width = expectRows("calibration error", yProba, yTrue);
  if (width === 2)
    return confidences(
      yTrue,
      yProba.map(([, second]) => second),
    );
  const predicted = yProba.map(decideClass);
  return {
    right: predicted.map((label, i) => Number(label === yTrue[i])),
    confidence: yProba.map((row, i) => row[predicted[i]]),
  };
}

function isRows(yProba: Probabilities): yProba is readonly (readonly number[])[] {
  return yProba.length > 0 && typeof yProba[0] !== "number";
}

/** Distance between confidence and accuracy in each bin, and its share of the texts; 0 for an empty bin. */
function calibrationGaps(
  where: string,
  { right, confidence }: Confidences,
  { bins = DEFAULT_BINS, strategy = "uniform" }: BinOptions,
): { gap: number; share: number }[] {
  const problems = new Problems(where);
  expectBins(problems, { bins, strategy });
  problems.throwIfAny();
  expectProbabilities(where, right, confidence);
  const clipped = confidence.map((p) => Math.min(Math.max(p, Number.EPSILON), 1 - Number.EPSILON)); // as netcal does
  const steps = unitSteps(bins + 1);
  const edges = strategy === "uniform" ? steps : numpyQuantiles(clipped, steps);
  const sums = Array.from({ length: bins }, () => ({ count: 0, right: 0, confidence: 0 }));
  clipped.forEach((p, i) => {
    let bin = 0; // a value on an edge is in the upper bin
    while (bin < bins - 1 && edges[bin + 1] <= p) bin++;
    sums[bin].count++;
    sums[bin].right += right[i];
    sums[bin].confidence += p;
  });
  return sums.map((bin) => ({
    gap: bin.count === 0 ? 0 : Math.abs(bin.right / bin.count - bin.confidence / bin.count),
    share: bin.count / right.length,
  }));
}
