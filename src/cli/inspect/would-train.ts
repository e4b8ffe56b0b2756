import { loadClassifier } from "../../classifier/load-classifier";
import { prepareTraining } from "../../classifier/prepare-training";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { TrainingMethod } from "../../classifier/training-method";
import type { ResolvedModel } from "../../hub/resolve-model";
import type { LoraConfig } from "../../lora/lora-config";

/** Weights that training would change. */
export interface WouldTrain {
  readonly method: TrainingMethod;
  readonly trainable: number;
  readonly all: number;
  /** As peft's `print_trainable_parameters` prints it. */
  readonly line: string;
  /** Weights that the checkpoint lacks: training initializes, trains and saves them. */
  readonly newlyInitialized: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly shape: readonly number[] }[];
}

/** Adds the adapter to the model, as training would, and counts the weights. */
export async function wouldTrain(
  model: ResolvedModel,
  options: { method: TrainingMethod; lora: LoraConfig; labels?: readonly string[] },
): Promise<WouldTrain> {
  const { method, lora, labels } = options;
  const tokenizer = { maxLength: 2, encode: () => [] }; // no text is read here
  const classifier = await loadClassifier(model, {
    tokenizer,
    labels,
    newHead: labels !== undefined,
  });
  try {
    prepareTraining(classifier, { method, adapter: lora });
    return counted(classifier, method);
  } finally {
    classifier.dispose();
  }
}

function counted(classifier: SequenceClassifier, method: TrainingMethod): WouldTrain {
  const parameters = classifier.trainableParameters().map(({ name, shape }) => ({ name, shape: [...shape] }));
  return {
    method,
    ...classifier.countParameters(),
    line: classifier.trainableParametersLine(),
    newlyInitialized: classifier.newlyInitialized,
    parameters,
  };
}
