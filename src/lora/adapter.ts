import type { Ops } from "../device/ops";
import type { ClassificationModel } from "../model/classification-model";
import type { Linear } from "../model/linear";
import { Parameter } from "../model/parameter";
import { Random } from "../base/random";
import type { ResolvedLoraConfig } from "./lora-config";
import { LoraLinear } from "./lora-linear";
import { matchModules } from "./match-modules";

/** peft's prefix of everything in an adapter. */
export const PEFT_PREFIX = "base_model.model.";

/**
 * A LoRA adapter on a model: the update of each targeted layer, and the head, which is trained with it. Owner of the
 * updates' weights; the head's belong to the model.
 */
export class Adapter {
  constructor(
    readonly model: ClassificationModel,
    readonly config: ResolvedLoraConfig,
    /** By the module's name in the model. */
    readonly updates: ReadonlyMap<string, LoraLinear>,
    /** The head's layers that peft trains and saves with the adapter. */
    readonly savedModules: readonly Linear[],
  ) {}

  /** Every weight that training changes: A and B of each layer, then the head's. */
  parameters(): Parameter[] {
    return [...[...this.updates.values()].flatMap((update) => update.parameters), ...this.savedModules.flatMap((linear) => [linear.weight, linear.bias])];
  }

  /** Takes the adapter off its model and gives its weights back. The head stays as it is. */
  dispose(): void {
    for (const linear of this.model.linears()) if (this.updates.has(linear.module)) linear.setAdapter(undefined);
    for (const update of this.updates.values()) update.dispose();
  }
}

/**
 * Puts a new adapter on a model: freezes the base, draws A as peft does (Kaiming-uniform with a = sqrt(5), that is
 * uniform within 1 / sqrt(in)) and sets B to 0, so that the model's logits do not change.
 */
export function addAdapter(model: ClassificationModel, options: { config: ResolvedLoraConfig; seed: number }): Adapter {
  const { config } = options;
  const random = new Random(options.seed).fork("lora");
  return attachAdapter(model, {
    config,
    weights: (linear) => {
      const bound = 1 / Math.sqrt(linear.inFeatures);
      const a = Float32Array.from({ length: config.r * linear.inFeatures }, () => (2 * random.uniform() - 1) * bound);
      return { a, b: new Float32Array(linear.outFeatures * config.r) };
    },
  });
}

/** Puts an adapter with given weights, A (r, in) and B (out, r) row by row, on a model, and freezes the base. */
export function attachAdapter(model: ClassificationModel, options: { config: ResolvedLoraConfig; weights: (linear: Linear) => { a: Float32Array; b: Float32Array } }): Adapter {
  const { config, weights } = options;
  const { ops } = model;
  const targets = targetedLinears(model, config);
  for (const parameter of model.parameters()) parameter.trainable = false;
  const updates = new Map<string, LoraLinear>();
  for (const linear of targets) {
    const { a, b } = weights(linear);
    const update = new LoraLinear({ a: loraParameter(ops, linear, { part: "lora_A", values: a, shape: [config.r, linear.inFeatures] }), b: loraParameter(ops, linear, { part: "lora_B", values: b, shape: [linear.outFeatures, config.r] }) }, config);
    for (const parameter of update.parameters) parameter.trainable = true;
    linear.setAdapter(update);
    updates.set(linear.module, update);
  }
  const savedModules = headModules(model);
  for (const linear of savedModules) linear.weight.trainable = linear.bias.trainable = true;
  return new Adapter(model, config, updates, savedModules);
}

/** The layers that a configuration adapts. */
export function targetedLinears(model: ClassificationModel, config: Pick<ResolvedLoraConfig, "targetModules">): Linear[] {
  const whole = headModules(model);
  const candidates = model.linears().filter((linear) => !whole.includes(linear));
  const matched = new Set(matchModules(candidates.map(({ module }) => module), config.targetModules));
  return candidates.filter(({ module }) => matched.has(module));
}

/**
 * The layers that peft trains whole and saves for sequence classification: those whose names end in `classifier`,
 * and all of RoBERTa's head, which bears that name. BERT's pooler is not among them; it can be adapted as any other layer.
 */
export function headModules(model: ClassificationModel): Linear[] {
  const { dense, classifier } = model.modules.head.modules;
  return [dense, classifier].filter(({ module }) => /classifier$|^classifier\./.test(module));
}

function loraParameter(ops: Ops, linear: Linear, from: { part: "lora_A" | "lora_B"; values: Float32Array; shape: readonly number[] }): Parameter {
  return new Parameter(ops, `${PEFT_PREFIX}${linear.module}.${from.part}.weight`, ops.float(from.values, from.shape));
}
