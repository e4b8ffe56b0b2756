import type { Adapter } from "../lora/adapter";
import type { LoraConfig } from "../lora/lora-config";
import type { SequenceClassifier } from "./sequence-classifier";
import type { TrainingMethod } from "./training-method";

/**
 * Makes the weights of a method trainable. Returns the new adapter of "lora".
 *
 * @param options.adapter - options of `addAdapter`, for "lora" alone
 * @throws TsloraError as `addAdapter`, `trainHead` and `trainAllWeights`
 */
export function prepareTraining(
  classifier: SequenceClassifier,
  { method, adapter }: { readonly method: TrainingMethod; readonly adapter?: LoraConfig },
): Adapter | undefined {
  switch (method) {
    case "lora":
      return classifier.addAdapter(adapter);
    case "head":
      classifier.trainHead();
      return undefined;
    case "full":
      classifier.trainAllWeights();
      return undefined;
  }
}
