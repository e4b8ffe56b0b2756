import { architectureOf, type WeightNames } from "../architectures/index";
import type { EncoderConfig } from "../encoder-structure";

/** The names of a model type's weights. */
export function weightNames({ modelType }: Pick<EncoderConfig, "modelType">): WeightNames {
  return architectureOf(modelType).names;
}

/** Heads that pretraining and other tasks leave in checkpoints, as transformers and the models' authors name them. */
const OTHER_HEADS =
  /^(cls|vocab_(transform|layer_norm|projector)|qa_outputs|lm_head|lm_predictions|mask_predictions|predictions|sop_classifier|discriminator_predictions|generator_predictions|generator_lm_head|decoder)\./;

/** Buffers: numbers that follow from the configuration. */
const BUFFERS = /(^|\.)(embeddings\.(position_ids|token_type_ids)|rotary_emb\.inv_freq)$/;

/**
 * Whether a checkpoint's tensor belongs to another head or is a buffer. The model does not use it; transformers drops
 * it too.
 */
export function isOfOtherHead(name: string, { modelType }: Pick<EncoderConfig, "modelType">): boolean {
  return OTHER_HEADS.test(name) || BUFFERS.test(name) || (architectureOf(modelType).unused?.test(name) ?? false);
}
