import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import type { PrefixValues } from "../model/encoder-prefix";
import type { TokenDocument } from "../model/parts/packed-batch";

/** Default of the most tokens in one forward pass of a prediction. The limit bounds memory. */
export const DEFAULT_TOKENS_PER_PASS = 4096;

/** @throws TsloraError `bad-option` if the most tokens of a pass are below 1 or no number. */
export function expectTokensPerPass(maxTokensPerPass: number): void {
  if (maxTokensPerPass >= 1) return;
  throw new TsloraError(
    "bad-option",
    `maxTokensPerPass must be at least 1; got ${shownValue(maxTokensPerPass)}. Leave it out for ${DEFAULT_TOKENS_PER_PASS}.`,
  );
}

/** Outputs of the frozen layers below the first trained one for several documents, concatenated. */
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
