import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";

/**
 * Refuses single texts for a classifier that was trained on pairs of texts.
 *
 * @throws TsloraError `bad-option` that names --text-pair.
 */
export function expectPairs(
  { takesPairs }: SequenceClassifier,
  { textPair, command }: { textPair: string | undefined; command: string },
): void {
  if (!takesPairs || textPair !== undefined) return;
  const table = command === "predict" ? " Give a table with --file, or on standard input with --input-format." : "";
  throw new TsloraError(
    "bad-option",
    `tslora ${command}: --text-pair is needed: the classifier was trained on pairs of texts, and a single text would give a meaningless result. Name the column of the second text.${table}`,
  );
}
