import type { ClassificationModel } from "../model/classification-model";
import type { Parameter } from "../model/parts/parameter";

export const TRAINING_METHODS = ["lora", "head", "full"] as const;

/** The weights that training changes: a LoRA adapter's, the head's alone, or all. */
export type TrainingMethod = (typeof TRAINING_METHODS)[number];

/** The method that trains weights of a model without an adapter; "none" for no weights. */
export function methodOf(
  trained: readonly Parameter[],
  model: Pick<ClassificationModel, "headParameters">,
): "head" | "full" | "none" {
  if (trained.length === 0) return "none";
  const head = model.headParameters();
  return trained.every((parameter) => head.includes(parameter)) ? "head" : "full";
}
