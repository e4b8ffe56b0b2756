import type { LabelledTexts } from "../labelled-texts";

/** Options of `fitCascade`. */
export interface FitCascadeOptions {
  /** The classifier's two labels. @default ["NEGATIVE", "POSITIVE"] */
  readonly labels?: readonly string[];
  /** The label that must not be missed. @default the second */
  readonly positive?: string;
  /**
   * Labelled texts that choose the threshold.
   * @default folds of the training texts
   */
  readonly validation?: LabelledTexts;
  /**
   * The encoder's predictions of the texts that choose the threshold, in their order: whether each gets the positive
   * label. A positive text that the encoder misses anyway is then no loss. The encoder must not have been trained on
   * these texts.
   * @default every positive text counts, as if the encoder found it
   */
  readonly found?: readonly boolean[] | undefined;
  /** The threshold with which `found` was predicted. @default none: the more probable label */
  readonly encoderThreshold?: number | undefined;
  /** Digest of the calibration with which `found` was predicted. @default none: no calibration */
  readonly encoderCalibration?: string | undefined;
  /** Number of folds, without `validation`. @default 10 */
  readonly folds?: number;
  /** The greatest loss of recall: its upper bound is at most this. @default 0.01 */
  readonly maxRecallLoss?: number;
  /** Confidence of the bound, one-sided. @default 0.95 */
  readonly confidence?: number;
  /** Inverse strength of the penalty of the logistic regression. @default 10 */
  readonly C?: number;
}

/** Defaults of {@link FitCascadeOptions}. */
export const FIT_CASCADE_DEFAULTS = { folds: 10, maxRecallLoss: 0.01, confidence: 0.95, C: 10 } as const;
