import { shownNames } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import type { TextClassifier } from "./text-classifier";

/** The `notice` of an evaluation of a classifier with random weights; empty for any other classifier. */
export function untrainedNotice({ untrainedWeights = [] }: TextClassifier): { notice?: string } {
  if (untrainedWeights.length === 0) return {};
  return {
    notice:
      `These are the scores of an untrained classifier: ${shownNames(untrainedWeights)} ` +
      "were newly initialized and are not trained.",
  };
}

/** @throws TsloraError `bad-input` if a classifier has random weights. */
export function expectTrained(call: string, { untrainedWeights = [] }: TextClassifier): void {
  if (untrainedWeights.length === 0) return;
  throw new TsloraError(
    "bad-input",
    `${call}: the classifier's ${shownNames(untrainedWeights)} were newly initialized and are not trained: ` +
      "every prediction would be random. " +
      "Train it first, load an adapter that holds them, or load a trained model.",
    { details: { newlyInitialized: [...untrainedWeights] } },
  );
}
