import { TsloraError } from "../../base/tslora-error";
import { applyCalibration } from "../../evaluation/calibration/apply-calibration";
import type { TemperatureCalibration } from "../../evaluation/calibration/calibration";
import { calibrationCurve } from "../../evaluation/calibration/calibration-curve";
import { calibrationReport } from "../../evaluation/calibration/calibration-report";
import { fitTemperature } from "../../evaluation/calibration/fit-temperature";
import type { Evaluation } from "../../evaluation/evaluation";
import type { CalibrationFinding, ReliabilityFacts } from "./study-facts";

const BINS = 10;

/**
 * Calibration on the test texts, before and after a temperature that is fitted on the validation texts. It needs only
 * probabilities: their logarithms differ from the logits by one number for each text, which the softmax cancels.
 */
export function calibrationFacts({
  after,
  validation,
}: {
  after: Evaluation;
  validation: Evaluation;
}): CalibrationFinding {
  const before = calibrationReport(after, { bins: BINS });
  const own = { before, curves: [reliability("as trained", after)] };
  const fitted = temperatureOf(validation);
  if (typeof fitted === "string") return { kind: "unfitted", reason: fitted, ...own };
  const calibrated = applyCalibration(fitted, logProbabilities(after));
  const scaled = {
    labels: after.labels,
    predictions: after.predictions.map((one, row) => ({ ...one, probabilities: calibrated[row] })),
  };
  return {
    kind: "temperature",
    temperature: fitted.temperature,
    fittedOn: validation.n,
    before,
    after: calibrationReport(scaled, { bins: BINS }),
    curves: [...own.curves, reliability("after temperature scaling", scaled)],
  };
}

/** The temperature, or the reason why there is none. */
function temperatureOf(validation: Evaluation): TemperatureCalibration | string {
  const labels = validation.predictions.map(({ yTrue }) => yTrue);
  try {
    const temperature = fitTemperature(logProbabilities(validation), labels);
    return { method: "temperature", classes: validation.labels.length, n: validation.n, temperature };
  } catch (error) {
    if (error instanceof TsloraError) return error.message;
    throw error;
  }
}

function logProbabilities({ predictions }: Pick<Evaluation, "predictions">): number[][] {
  return predictions.map(({ probabilities }) => probabilities.map((p) => Math.log(Math.max(p, Number.MIN_VALUE))));
}

/** The reliability curve of the second of two labels, else of the predicted label. */
function reliability(
  name: string,
  { labels, predictions }: Pick<Evaluation, "labels" | "predictions">,
): ReliabilityFacts {
  const two = labels.length === 2;
  const yTrue = predictions.map((one) => Number(two ? one.yTrue === 1 : one.yTrue === one.yPred));
  const yProb = predictions.map((one) => one.probabilities[two ? 1 : one.yPred]);
  const { ece } = calibrationReport({ labels, predictions }, { bins: BINS });
  return { name, ...calibrationCurve(yTrue, yProb, { bins: BINS }), error: ece };
}
