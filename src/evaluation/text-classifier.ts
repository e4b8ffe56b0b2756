/** The part of a classifier that evaluation needs; any model can implement it. */
export interface TextClassifier {
  /** Names of the classes, in the order of their indices. */
  readonly labels: readonly string[];
  /** Whether a text has one of the labels or any number of them. @default "single_label_classification" */
  readonly problemType?: "single_label_classification" | "multi_label_classification";
  /** Weights that are random still: newly initialized, and neither trained nor read since. @default none */
  readonly untrainedWeights?: readonly string[];
  /**
   * Scores of texts before the softmax, or before the sigmoid where a text may have several labels.
   *
   * @returns [texts, labels], row by row, in the order of the texts
   */
  predictLogits(texts: readonly string[], options?: PredictLogitsOptions): Promise<Float32Array>;
}

/** Options of a prediction: passes, progress and cancellation. */
export interface PredictLogitsOptions {
  /** Stops between passes. */
  readonly signal?: AbortSignal;
  /** Called after each pass with the number of texts done, and of all. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Tokens in one forward pass, of a classifier that makes any. @default the classifier's own */
  readonly maxTokensPerPass?: number;
}
