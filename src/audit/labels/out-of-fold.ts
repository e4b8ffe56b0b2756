import { TsloraError } from "../../base/tslora-error";
import type { TextInput } from "../../base/text-input";
import { stratifiedKFoldIndices } from "../../corpus/split/kfold-indices";
import { trainBaseline } from "../../evaluation/baseline/evaluate-baseline";
import { predictRows } from "../../evaluation/predict-rows";
import { softmax } from "../../evaluation/softmax";
import { OUT_OF_FOLD_DEFAULTS } from "../audit-defaults";

/** Options of {@link outOfFoldProbabilities}. */
export interface OutOfFoldOptions {
  /** Names of the classes. */
  readonly labels: readonly string[];
  /** Number of stratified folds. @default 5 */
  readonly nSplits?: number;
  /** The seed of the folds, a whole number in [0, 2^32). @default 42 */
  readonly randomState?: number;
  /** Stops between folds. */
  readonly signal?: AbortSignal;
  /** Called after each fold with the number of folds done and the total. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Probabilities of each text's classes from a model that did not see the text: in each of several stratified folds, the
 * TF-IDF and logistic regression baseline is trained on the other folds.
 *
 * @returns [texts][classes]
 * @throws TsloraError `bad-input` if a class has fewer than two texts.
 */
export async function outOfFoldProbabilities(
  texts: readonly TextInput[],
  given: readonly number[],
  options: OutOfFoldOptions,
): Promise<number[][]> {
  const { labels, signal, onProgress } = options;
  const { nSplits = OUT_OF_FOLD_DEFAULTS.nSplits, randomState = OUT_OF_FOLD_DEFAULTS.randomState } = options;
  const counts = labels.map((_, label) => given.filter((one) => one === label).length);
  const rare = labels.filter((_, label) => counts[label] < 2);
  if (rare.length > 0)
    throw new TsloraError(
      "bad-input",
      `outOfFoldProbabilities: there must be two texts or more of each class; ${rare.join(", ")} has fewer. Leave those classes out, give probabilities, or leave out the check of labels.`,
    );
  const folds = stratifiedKFoldIndices(given, { nSplits, shuffle: true, randomState });
  const probabilities = new Array<number[]>(texts.length);
  const document = (row: number): { text: string; textPair?: string; label: number } => {
    const text = texts[row];
    return typeof text === "string"
      ? { text, label: given[row] }
      : { text: text[0], textPair: text[1], label: given[row] };
  };
  for (const [fold, { train, test }] of folds.entries()) {
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    const model = trainBaseline(train.map(document), { labels });
    const rows = await predictRows("outOfFoldProbabilities", model, { texts: test.map((row) => texts[row]) });
    test.forEach((row, i) => (probabilities[row] = softmax(rows[i]).probabilities));
    onProgress?.(fold + 1, folds.length);
  }
  return probabilities;
}
