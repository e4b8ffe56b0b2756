import { Problems } from "../../base/problems";
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
 * @throws TsloraError `bad-option` that lists every invalid option, `bad-input` if a class has fewer than two texts.
 */
export async function outOfFoldProbabilities(
  texts: readonly TextInput[],
  given: readonly number[],
  options: OutOfFoldOptions,
): Promise<number[][]> {
  const { labels, signal, onProgress } = options;
  const { nSplits = OUT_OF_FOLD_DEFAULTS.nSplits, randomState = OUT_OF_FOLD_DEFAULTS.randomState } = options;
  const problems = new Problems("outOfFoldProbabilities");
  checkFolds(problems, given, options);
  problems.throwIfAny();
  expectTwoOfEach("outOfFoldProbabilities", given, labels);
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

/**
 * Adds a problem for each invalid option of the folds. A class with fewer than two texts is none: the data are at fault
 * then, see {@link expectTwoOfEach}.
 *
 * @param given - the class of each text
 * @param options.prefix - what precedes the options' names
 */
export function checkFolds(
  problems: Problems,
  given: readonly number[],
  options: OutOfFoldOptions & { readonly prefix?: string },
): void {
  const { labels, prefix = "" } = options;
  const { nSplits = OUT_OF_FOLD_DEFAULTS.nSplits, randomState = OUT_OF_FOLD_DEFAULTS.randomState } = options;
  const counts = countsOf(given, labels);
  const isWhole = problems.expect(
    Number.isSafeInteger(nSplits) && nSplits >= 2,
    `${prefix}nSplits must be a whole number of at least 2; got ${String(nSplits)}`,
  );
  const most = Math.max(0, ...counts);
  if (isWhole && most > 0 && counts.every((count) => count >= 2))
    problems.expect(
      nSplits <= most,
      `${prefix}nSplits must be at most the texts of the largest class, ${most}; got ${nSplits}`,
    );
  problems.expect(
    Number.isSafeInteger(randomState) && randomState >= 0 && randomState < 2 ** 32,
    `${prefix}randomState must be a whole number from 0 to 4294967295; got ${String(randomState)}`,
  );
}

/** @throws TsloraError `bad-input` that names every class with fewer than two texts. */
export function expectTwoOfEach(where: string, given: readonly number[], labels: readonly string[]): void {
  const counts = countsOf(given, labels);
  const rare = labels.filter((_, label) => counts[label] < 2);
  if (rare.length > 0)
    throw new TsloraError(
      "bad-input",
      `${where}: there must be two texts or more of each class; ${rare.join(", ")} has fewer. Leave those classes out, give probabilities, or leave out the check of labels.`,
    );
}

function countsOf(given: readonly number[], labels: readonly string[]): number[] {
  return labels.map((_, label) => given.filter((one) => one === label).length);
}
