import type { PrefixValues } from "../model/encoder-prefix";
import type { TokenDocument } from "../model/parts/packed-batch";

/** Default of the tokens in one forward pass of a prediction. They limit the memory. */
export const DEFAULT_TOKENS_PER_PASS = 4096;

/** Results of the frozen layers below the first trained one, for documents one below the other. */
export interface PrefixSource {
  valuesOf(documents: readonly TokenDocument[]): Promise<PrefixValues>;
}

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
  readonly prefixCache?: PrefixSource | undefined;
}
