import type { ClassificationModel } from "../model/classification-model";
import type { Parameter, Substitutes } from "../model/parts/parameter";
import type { ResolvedLoraConfig } from "./lora-config";
import type { LoraUpdate } from "./lora-linear";

/** peft's prefix of everything in an adapter. */
export const PEFT_PREFIX = "base_model.model.";

/**
 * A LoRA adapter of a model: the update of each adapted layer, and copies of what else it trains, the head first of
 * all. Owner of all of its weights, under the names that they have in peft's file. `AdapterSet` puts it on its model.
 */
export class Adapter {
  readonly name: string;
  readonly config: ResolvedLoraConfig;
  /** By the layer's name in the model. */
  readonly updates: ReadonlyMap<string, LoraUpdate>;
  /** Copies of the modules that are trained whole (the head, and `modulesToSave`), by the model's own weights. */
  readonly saved: Substitutes;
  /** Copies of the biases that are trained beside, by the model's own. */
  readonly biases: Substitutes;
  /** Residual weights of PiSSA or OLoRA, by the model's own parameter. Not trained. */
  readonly residuals: Substitutes;
  /** Whether it was made here with weights of its own; otherwise its weights were read, or combined of others'. */
  readonly isNew: boolean;

  /** @param weights - taken over */
  constructor(
    readonly model: ClassificationModel,
    weights: {
      name: string;
      isNew: boolean;
      config: ResolvedLoraConfig;
      updates: ReadonlyMap<string, LoraUpdate>;
      saved: Substitutes;
      biases: Substitutes;
      residuals: Substitutes;
    },
  ) {
    this.name = weights.name;
    this.isNew = weights.isNew;
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

  /** Replacements of the model's own weights while the adapter is active. */
  substitutes(): Substitutes {
    return new Map([...this.residuals, ...this.biases, ...this.saved]);
  }

  /** Marks its weights as trained or not. */
  setTrainable(trainable: boolean): void {
    for (const parameter of this.parameters()) parameter.trainable = trainable;
  }

  /** Gives its weights back to the device. It must not be on its model any more. */
  dispose(): void {
    for (const update of this.updates.values()) update.dispose();
    for (const parameter of this.substitutes().values()) parameter.dispose();
  }
}
