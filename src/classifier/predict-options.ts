import type { PrefixCache } from "./prefix-cache/prefix-cache";

/** Default of the tokens in one forward pass of a prediction. They limit the memory. */
export const DEFAULT_TOKENS_PER_PASS = 4096;

/** Options of `SequenceClassifier.predictLogits`. */
export interface PredictOptions {
  /**
   * Most tokens in one forward pass.
   * @default 4096
   */
  readonly maxTokensPerPass?: number;
  readonly onProgress?: (done: number, total: number) => void;
  /**
   * Stops between passes.
   * @default in a notebook, an interrupt of the cell
   */
  readonly signal?: AbortSignal;
  /** Results of the frozen layers, which are then not computed. @internal */
  readonly prefixCache?: PrefixCache | undefined;
}
