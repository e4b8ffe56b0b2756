import { Problems } from "../../base/problems";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { EncoderConfig } from "../../model/encoder-structure";
import type { ResolvedTrainOptions } from "../options/train-options";

/** The options of the frozen layers below the first trained one. */
export type FrozenPrefixOptions = Pick<ResolvedTrainOptions, "frozenPrefixDropout" | "frozenPrefixCache">;

/**
 * Refuses options of the frozen layers that have no effect on a classifier.
 *
 * @param call - how the error calls the function
 * @throws TsloraError `bad-option` that lists everything wrong
 */
export function checkPrefixOptions(
  { model }: Pick<SequenceClassifier, "model">,
  { frozenPrefixDropout, frozenPrefixCache }: FrozenPrefixOptions,
  call: string,
): void {
  const problems = new Problems(call);
  const hasPrefix = model.frozenPrefix() !== undefined;
  const why =
    "needs a frozen layer below the first trained one, and here the first layer is trained or has an adapter. " +
    "Give the adapter layersToTransform, call trainHead, or leave the option out";
  problems.expect(frozenPrefixDropout || hasPrefix, `frozenPrefixDropout false ${why}`);
  problems.expect(frozenPrefixCache !== true || hasPrefix, `frozenPrefixCache ${why}`);
  const rate = encoderDropout(model.config);
  problems.expect(
    frozenPrefixCache !== true || !hasPrefix || !frozenPrefixDropout || rate === 0,
    `frozenPrefixCache needs frozen layers without dropout, and theirs is ${rate}: set frozenPrefixDropout to false`,
  );
  problems.throwIfAny();
}

/** The highest rate of dropout in an encoder. */
export function encoderDropout({ hiddenDropout, embeddingDropout = 0, attentionDropout }: EncoderConfig): number {
  return Math.max(hiddenDropout, embeddingDropout, attentionDropout);
}
