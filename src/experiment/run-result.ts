import { accuracyScore } from "../evaluation/metrics/accuracy-score";
import type { RunPart } from "./planned-run";

/** The prediction for one text. */
export interface RunPrediction {
  readonly yTrue: number;
  readonly yPred: number;
  readonly probabilities: readonly number[];
}

/** The result of one run. Plain values, which the cache keeps as JSON. */
export interface RunResult {
  readonly method: string;
  readonly part: RunPart;
  readonly seed: number;
  readonly labels: readonly string[];
  /** Numbers of texts. */
  readonly texts: { readonly train: number; readonly validation: number; readonly test: number };
  /** In the order of the test texts. */
  readonly predictions: readonly RunPrediction[];
  /** Accuracy on the validation texts; null for a method that does not read them. */
  readonly validationAccuracy: number | null;
  /** Optimizer steps; 0 without training. */
  readonly steps: number;
  readonly trainableParameters: number;
  /** Time of training and prediction. */
  readonly elapsedSeconds: number;
}

/** Accuracy on the test texts. */
export function accuracyOf({ predictions }: RunResult): number {
  return accuracyScore(
    predictions.map(({ yTrue }) => yTrue),
    predictions.map(({ yPred }) => yPred),
  );
}
