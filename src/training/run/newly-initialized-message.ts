import { shownNames } from "../../base/shown-value";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";

/** transformers' sentence about weights that the checkpoint lacks, and how this run trains and saves them. */
export function newlyInitializedMessage(
  { origin, method }: Pick<SequenceClassifier, "origin" | "method">,
  names: readonly string[],
): string {
  const saved = method === "lora" ? "trained whole and saved with the adapter" : "trained and saved with all others";
  return (
    `Some weights were not initialized from the model checkpoint at ${origin.id} and are newly initialized: ` +
    `[${shownNames(names)}]. They are ${saved}.`
  );
}
