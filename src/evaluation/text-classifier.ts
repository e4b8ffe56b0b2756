import type { TextInput } from "../base/text-input";

/** The part of a classifier that evaluation needs; any model can implement it. */
export interface TextClassifier {
  /** Names of the classes, in the order of their indices. */
  readonly labels: readonly string[];
  /** Whether a text has exactly one label or any number of them. @default "single_label_classification" */
  readonly problemType?: "single_label_classification" | "multi_label_classification";
  /** Weights that are still random: newly initialized, and neither trained nor loaded since. @default none */
  readonly untrainedWeights?: readonly string[];
  /**
   * Scores of texts, or of pairs of texts, before the softmax, or before the sigmoid if a text may have several labels.
   *
   * @returns [texts, labels], row by row, in the order of the texts
   */
  predictLogits(texts: readonly TextInput[], options?: PredictLogitsOptions): Promise<Float32Array>;
}

/** Options of a prediction: passes, progress and cancellation. */
export interface PredictLogitsOptions {
  /** Stops between passes. */
  readonly signal?: AbortSignal;
  /** Called after each pass with the number of texts done and the total. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Tokens in one forward pass, for a classifier with such passes. @default the classifier's own */
  readonly maxTokensPerPass?: number;
}
