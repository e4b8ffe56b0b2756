/** What evaluation asks of a classifier; any model can be it. */
export interface TextClassifier {
  /** What the classes are called, in the order of their indices. */
  readonly labels: readonly string[];
  /**
   * Scores of texts before the softmax.
   *
   * @param options.signal - stops between batches
   * @param options.batchSize - texts a batch
   * @param options.onProgress - told after each batch how many texts are done
   * @returns [texts, labels], row by row
   */
  predictLogits(texts: readonly string[], options?: PredictOptions): Promise<Float32Array>;
}

export interface PredictOptions {
  /** Stops between batches. */
  readonly signal?: AbortSignal;
  /** Texts a batch. @default the classifier's own */
  readonly batchSize?: number;
  /** Told after each batch how many texts are done, of how many. */
  readonly onProgress?: (done: number, total: number) => void;
}
