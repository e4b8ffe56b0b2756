import { PEFT_PREFIX } from "../../lora/adapter";
import type { EncoderConfig } from "../../model/encoder-structure";
import { parameterDepths } from "../../model/parameter-depths";
import type { Parameter } from "../../model/parts/parameter";
import type { TrainOptions } from "../options/train-options";

/** Settings of AdamW for a parameter, as in torch's parameter groups. */
export interface ParameterGroup {
  /** Multiple of the run's learning rate. */
  readonly rateFactor: number;
  /** Whether weight decay applies. */
  readonly decayed: boolean;
}

type Grouped = Pick<Parameter, "name" | "shape">;

/** Finds the group of a parameter. */
export type GroupOf = (parameter: Grouped) => ParameterGroup;

/** transformers' groups: one learning rate, and no weight decay of biases and layer norms. */
export const PLAIN_GROUPS: GroupOf = (parameter) => ({ rateFactor: 1, decayed: isDecayed(parameter) });

/**
 * The groups of a run. Factors of both options multiply.
 *
 * - `loraplusLrRatio` (Hayou, Ghosh and Yu, "LoRA+", 2024), as peft's `create_loraplus_optimizer`: each adapter's B and
 *   every vector, such as a bias of the head, gets the ratio as factor. All other matrices have weight decay, whatever
 *   their names. peft's fourth group, adapters of embeddings, is empty: here no adapter has any.
 * - `layerwiseLrDecay` (Clark et al., "ELECTRA", 2020): a parameter at depth d of a model with L layers gets the factor
 *   decay^(L + 1 - d). See {@link parameterDepths}; an adapter's A, B and magnitude, and its copy of a module, have the
 *   depth of the module.
 */
export function parameterGroups(
  { loraplusLrRatio, layerwiseLrDecay }: Pick<TrainOptions, "loraplusLrRatio" | "layerwiseLrDecay">,
  config: EncoderConfig,
): GroupOf {
  if (loraplusLrRatio === undefined && layerwiseLrDecay === undefined) return PLAIN_GROUPS;
  const { highest, depthOf } = parameterDepths(config);
  return (parameter) => {
    const { name } = parameter;
    const steps = highest - depthOf(name.startsWith(PEFT_PREFIX) ? name.slice(PEFT_PREFIX.length) : name);
    const byDepth = layerwiseLrDecay === undefined ? 1 : layerwiseLrDecay ** steps;
    if (loraplusLrRatio === undefined) return { rateFactor: byDepth, decayed: isDecayed(parameter) };
    return isFast(parameter)
      ? { rateFactor: loraplusLrRatio * byDepth, decayed: isDecayed(parameter) }
      : { rateFactor: byDepth, decayed: true };
  };
}

/** The lowest and the highest factor of some parameters; undefined if all of them have the factor 1. */
export function factorRange(
  parameters: readonly Grouped[],
  groupOf: GroupOf,
): { readonly lowest: number; readonly highest: number } | undefined {
  const factors = parameters.map((parameter) => groupOf(parameter).rateFactor);
  const [lowest, highest] = [Math.min(...factors), Math.max(...factors)];
  return lowest === 1 && highest === 1 ? undefined : { lowest, highest };
}

/** Whether LoRA+ gives a parameter the higher rate. */
function isFast({ name, shape }: Grouped): boolean {
  return name.includes("lora_B") || shape.length === 1;
}

/** Names that transformers' `Trainer.get_decay_parameter_names` excludes. Its layer norms match them too. */
const NOT_DECAYED = /bias|layernorm|rmsnorm|(?:^|\.)norm(?:$|\.)|_norm(?:$|\.)/;

/** Whether weight decay applies: it does to all weights except biases and layer norms. */
export function isDecayed({ name }: Pick<Parameter, "name">): boolean {
  return !NOT_DECAYED.test(name.toLowerCase());
}
