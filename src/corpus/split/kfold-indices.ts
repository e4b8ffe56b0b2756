import { Problems } from "../../base/problems";
import { foldsOfRuns, partsOf, readFolding, type KFoldOptions } from "./folding";
import type { NumpyRandom } from "./numpy-random";
import { expectOneKind } from "./split-checks";
import type { SplitIndices } from "./split-indices";

/**
 * The row numbers of scikit-learn's `KFold`, index for index. Each row is in the test part of one fold and in the train
 * part of all others.
 *
 * @param length - the number of rows
 * @returns the folds; row numbers ascend in each part
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function kFoldIndices(length: number, options: KFoldOptions = {}): SplitIndices[] {
  const { nSplits, random } = readFolding("kFold", { length }, options);
  const rows = Array.from({ length }, (_, row) => row);
  const order = random === undefined ? rows : random.permutation(rows);
  return partsOf(foldsOfRuns(order, nSplits), nSplits);
}

/**
 * The row numbers of scikit-learn's `StratifiedKFold`, index for index: like {@link kFoldIndices}, but every fold has
 * the same shares of the classes as the data. Warns if a class has fewer rows than there are folds, since some folds
 * then have no row of it.
 *
 * @param labels - the class of each row
 * @returns the folds; row numbers ascend in each part
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function stratifiedKFoldIndices(
  labels: readonly (number | string)[],
  options: KFoldOptions = {},
): SplitIndices[] {
  expectClasses("stratifiedKFold", labels);
  const { nSplits, random } = readFolding("stratifiedKFold", { length: labels.length }, options);
  expectFoldsOfClasses("stratifiedKFold", labels, nSplits);
  return stratifiedFolds(labels, nSplits, random);
}

/** Options of {@link repeatedStratifiedKFoldIndices}, with scikit-learn's names. */
export interface RepeatedKFoldOptions {
  /** Number of folds. @default 5 */
  readonly nSplits?: number;
  /** Number of times the rows are folded, in another order each time. @default 10 */
  readonly nRepeats?: number;
  /** The seed of all shuffles, a whole number in [0, 2^32). No default: folds must be repeatable. */
  readonly randomState: number;
}

/**
 * The row numbers of scikit-learn's `RepeatedStratifiedKFold`, index for index: shuffled
 * {@link stratifiedKFoldIndices} several times, with one generator.
 *
 * @param labels - the class of each row
 * @returns `nSplits` folds for each repeat, one repeat after the other
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function repeatedStratifiedKFoldIndices(
  labels: readonly (number | string)[],
  { nSplits = 5, nRepeats = 10, randomState }: RepeatedKFoldOptions,
): SplitIndices[] {
  const where = "repeatedStratifiedKFold";
  const problems = new Problems(where);
  problems.expect(
    Number.isSafeInteger(nRepeats) && nRepeats >= 1,
    `nRepeats must be a whole number of at least 1; got ${String(nRepeats)}`,
  );
  problems.throwIfAny();
  expectClasses(where, labels);
  const { random } = readFolding(where, { length: labels.length }, { nSplits, shuffle: true, randomState });
  expectFoldsOfClasses(where, labels, nSplits);
  return Array.from({ length: nRepeats }, () => stratifiedFolds(labels, nSplits, random)).flat();
}

/** @throws TsloraError `bad-option` if classes are not all numbers or all names. */
export function expectClasses(where: string, labels: readonly (number | string)[]): void {
  const problems = new Problems(where);
  expectOneKind(problems, "labels", labels);
  problems.throwIfAny();
}

/**
 * Warns if a class has fewer rows than there are folds.
 *
 * @throws TsloraError `bad-option` if every class has fewer.
 */
export function expectFoldsOfClasses(where: string, labels: readonly (number | string)[], nSplits: number): void {
  const counts = [...rowsOfClasses(labels).values()].map((rows) => rows.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  const problems = new Problems(where);
  problems.expect(nSplits <= most, `nSplits must be at most the members of the largest class, ${most}; got ${nSplits}`);
  problems.throwIfAny();
  if (nSplits > least)
    process.emitWarning(
      `${where}: the least populated class has only ${least} members, which is less than nSplits = ${nSplits}: some folds have no row of it.`,
      "UserWarning",
    );
}

/** The rows of each class, in the order in which the classes appear. */
function rowsOfClasses(labels: readonly (number | string)[]): Map<number | string, number[]> {
  const rowsOf = new Map<number | string, number[]>();
  labels.forEach((label, row) => {
    const rows = rowsOf.get(label);
    if (rows === undefined) rowsOf.set(label, [row]);
    else rows.push(row);
  });
  return rowsOf;
}

function stratifiedFolds(
  labels: readonly (number | string)[],
  nSplits: number,
  random: NumpyRandom | undefined,
): SplitIndices[] {
  const foldOf = new Array<number>(labels.length);
  let dealt = 0; // rows are dealt to the folds in turn, class after class
  for (const rows of rowsOfClasses(labels).values()) {
    const perFold = new Array<number>(nSplits).fill(0);
    rows.forEach((_, i) => perFold[(dealt + i) % nSplits]++);
    dealt += rows.length;
    const folds = perFold.flatMap((count, fold) => new Array<number>(count).fill(fold));
    const shuffled = random === undefined ? folds : random.permutation(folds);
    rows.forEach((row, i) => (foldOf[row] = shuffled[i]));
  }
  return partsOf(foldOf, nSplits);
}
