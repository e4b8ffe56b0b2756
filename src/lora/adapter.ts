import type { ClassificationModel } from "../model/classification-model";
import type { Parameter, Substitutes } from "../model/parts/parameter";
import type { ResolvedLoraConfig } from "./lora-config";
import type { LoraUpdate } from "./lora-linear";

/** Key in the metadata of adapter_model.safetensors that marks an adapter as trained on pairs of texts. */
export const PAIRS_KEY = "text_pair";

/** peft's prefix of all names in an adapter. */
export const PEFT_PREFIX = "base_model.model.";

/**
 * A LoRA adapter of a model: the update of each adapted layer, and copies of everything else that it trains, such as
 * the head. It owns all its weights, under their names in peft's file. `AdapterSet` adds it to its model.
 */
export class Adapter {
  readonly name: string;
  readonly config: ResolvedLoraConfig;
  /** By the layer's name in the model. */
  readonly updates: ReadonlyMap<string, LoraUpdate>;
  /** Copies of the modules that are fully trained (the head, and `modulesToSave`), by the model's own weights. */
  readonly saved: Substitutes;
  /** Copies of the biases that are trained too, by the model's own. */
  readonly biases: Substitutes;
  /** Residual weights of PiSSA or OLoRA, by the model's own parameter. Not trained. */
  readonly residuals: Substitutes;
  /** Whether its weights were newly initialized here; otherwise they were read, or combined from other adapters. */
  readonly isNew: boolean;
  /** Whether EVA must still give its layers directions and ranks: it is new, and `initLoraWeights` is "eva". */
  readonly awaitsEva: boolean;
  /** Whether the adapter was trained on pairs of texts. */
  takesPairs = false;

  /** @param weights - the adapter takes these over */
  constructor(
    readonly model: ClassificationModel,
    weights: {
      name: string;
      isNew: boolean;
      awaitsEva: boolean;
      config: ResolvedLoraConfig;
      updates: ReadonlyMap<string, LoraUpdate>;
      saved: Substitutes;
      biases: Substitutes;
      residuals: Substitutes;
    },
  ) {
    this.name = weights.name;
    this.isNew = weights.isNew;
    this.awaitsEva = weights.awaitsEva;
    this.config = weights.config;
    this.updates = weights.updates;
    this.saved = weights.saved;
    this.biases = weights.biases;
    this.residuals = weights.residuals;
  }

  /** Every weight that training changes: A and B (and DoRA's magnitude) of each layer, then biases, then the head's. */
  parameters(): Parameter[] {
    return [
      ...[...this.updates.values()].flatMap((update) => update.parameters),
      ...this.biases.values(),
      ...this.saved.values(),
    ];
  }

  /** Weights that replace the model's own while the adapter is active. */
  substitutes(): Substitutes {
    return new Map([...this.residuals, ...this.biases, ...this.saved]);
  }

  /** Marks its weights as trainable or not. */
  setTrainable(trainable: boolean): void {
    for (const parameter of this.parameters()) parameter.trainable = trainable;
  }

  /** Frees its weights. It must have been removed from its model before. */
  dispose(): void {
    for (const update of this.updates.values()) update.dispose();
    for (const parameter of this.substitutes().values()) parameter.dispose();
  }
}
