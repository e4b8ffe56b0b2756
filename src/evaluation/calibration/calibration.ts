/** Methods of calibration, by the names of scikit-learn's `CalibratedClassifierCV`. */
export type CalibrationMethod = "temperature" | "sigmoid" | "isotonic";

export const CALIBRATION_METHODS: readonly CalibrationMethod[] = ["temperature", "sigmoid", "isotonic"];

/** A fitted calibration: plain values that survive JSON. `fitCalibration` makes it, `applyCalibration` uses it. */
export type Calibration = TemperatureCalibration | SigmoidCalibration | IsotonicCalibration;

/** The common part of calibrations. */
export interface CalibrationFacts {
  /** Number of classes. */
  readonly classes: number;
  /** Number of texts that it was fitted on. */
  readonly n: number;
}

/** One temperature by which all logits are divided. It changes no predicted label. */
export interface TemperatureCalibration extends CalibrationFacts {
  readonly method: "temperature";
  /** Above 1, probabilities become less certain. */
  readonly temperature: number;
}

/** A sigmoid for each class, 1 / (1 + exp(a x + b)) of its log-odds x; for two classes of the second one alone. */
export interface SigmoidCalibration extends CalibrationFacts {
  readonly method: "sigmoid";
  readonly curves: readonly SigmoidCurve[];
}

/** Slope and intercept of a sigmoid, as `a_` and `b_` of scikit-learn. */
export interface SigmoidCurve {
  readonly a: number;
  readonly b: number;
}

/** A rising step function for each class, of its log-odds; for two classes of the second one alone. */
export interface IsotonicCalibration extends CalibrationFacts {
  readonly method: "isotonic";
  readonly curves: readonly IsotonicCurve[];
}

/** Points between which is interpolated, as `X_thresholds_` and `y_thresholds_` of scikit-learn. */
export interface IsotonicCurve {
  readonly x: readonly number[];
  readonly y: readonly number[];
}
