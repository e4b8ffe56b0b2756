import { brierScoreLoss } from "../metrics/brier-score-loss";
import { logLoss } from "../metrics/log-loss";
import type { Evaluation } from "../evaluation";
import { brierDecomposition, type BrierDecomposition } from "./brier-decomposition";
import { classwiseCalibrationError, expectedCalibrationError, maximumCalibrationError } from "./calibration-error";
import type { BinOptions } from "./check-probabilities";

/** Measures of an evaluation's probabilities. Plain values that survive JSON. */
export interface CalibrationReport {
  readonly n: number;
  /** Mean negative logarithm of the true class's probability, in nats. */
  readonly logLoss: number;
  /** The Brier score; for more than two classes the sum over classes. */
  readonly brier: number;
  /** Expected calibration error over bins of equal width: of the second of two classes, else top-label. */
  readonly ece: number;
  /** The same over bins with equally many texts. */
  readonly eceEqualMass: number;
  /** The largest error of a bin of equal width. */
  readonly mce: number;
  /** The mean expected calibration error of each class against the rest. */
  readonly classwiseEce: number;
  /** Murphy's decomposition of each class's Brier score against the rest. */
  readonly perLabel: readonly (BrierDecomposition & { readonly name: string })[];
}

/**
 * Measures calibration on an evaluation: log loss, Brier score with Murphy's decomposition, and calibration errors.
 * Call it before and after `applyCalibration`, on texts that the calibration was not fitted on.
 *
 * @throws TsloraError `bad-option` for a wrong number of bins.
 */
export function calibrationReport(
  { labels, predictions }: Pick<Evaluation, "labels" | "predictions">,
  options: Pick<BinOptions, "bins"> = {},
): CalibrationReport {
  const yTrue = predictions.map((one) => one.yTrue);
  const rows = predictions.map((one) => one.probabilities);
  const { bins } = options;
  const classes = labels.map((_, label) => label);
  return {
    n: rows.length,
    logLoss: logLoss(yTrue, rows, { labels: classes }),
    brier: brierScoreLoss(yTrue, rows, { labels: classes }),
    ece: expectedCalibrationError(yTrue, rows, { bins }),
    eceEqualMass: expectedCalibrationError(yTrue, rows, { bins, strategy: "quantile" }),
    mce: maximumCalibrationError(yTrue, rows, { bins }),
    classwiseEce: classwiseCalibrationError(yTrue, rows, { bins }),
    perLabel: labels.map((name, label) => ({
      name,
      ...brierDecomposition(
        yTrue.map((own) => Number(own === label)),
        rows.map((row) => row[label]),
        { bins },
      ),
    })),
  };
}
