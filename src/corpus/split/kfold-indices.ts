import { Problems } from "../../base/problems";
import { expectOneKind, readSeed } from "./split-checks";
import { NumpyRandom } from "./numpy-random";
import type { SplitIndices } from "./split-indices";

/** Options of k-fold cross-validation, with scikit-learn's names. */
export interface KFoldOptions {
  /** Number of folds; each is the test set once. @default 5 */
  readonly nSplits?: number;
  /** Whether to shuffle the rows before splitting. @default false */
  readonly shuffle?: boolean;
  /** The seed of the shuffle, a whole number in [0, 2^32). Required if `shuffle` is true, else not allowed. */
  readonly randomState?: number;
}

/**
 * The row numbers of scikit-learn's `KFold`, index for index. Each row is in the test part of one fold and in the train
 * part of all others.
 *
 * @param length - how many rows there are
 * @returns the folds; row numbers ascend in each part
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function kFoldIndices(length: number, options: KFoldOptions = {}): SplitIndices[] {
  const { nSplits, random } = readOptions("kFold", length, options);
  const rows = Array.from({ length }, (_, row) => row);
  const order = random === undefined ? rows : random.permutation(rows);
  const foldOf = new Array<number>(length);
  let start = 0;
  for (let fold = 0; fold < nSplits; fold++) {
    const end = start + Math.floor(length / nSplits) + (fold < length % nSplits ? 1 : 0);
    for (const row of order.slice(start, end)) foldOf[row] = fold;
    start = end;
  }
  return partsOf(foldOf, nSplits);
}

/**
 * The row numbers of scikit-learn's `StratifiedKFold`, index for index: like {@link kFoldIndices}, but every fold has
 * the shares of the classes. A class with fewer rows than folds is missing from some folds; this gives a warning.
 *
 * @param labels - the class of each row
 * @returns the folds; row numbers ascend in each part
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function stratifiedKFoldIndices(
  labels: readonly (number | string)[],
  options: KFoldOptions = {},
): SplitIndices[] {
  const problems = new Problems("stratifiedKFold");
  expectOneKind(problems, "labels", labels);
  problems.throwIfAny();
  const { nSplits, random } = readOptions("stratifiedKFold", labels.length, options);
  const rowsOf = new Map<number | string, number[]>(); // in the order in which the classes appear
  labels.forEach((label, row) => rowsOf.set(label, [...(rowsOf.get(label) ?? []), row]));
  const counts = [...rowsOf.values()].map((rows) => rows.length);
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  problems.expect(nSplits <= most, `nSplits must be at most the members of the largest class, ${most}; got ${nSplits}`);
  problems.throwIfAny();
  if (nSplits > least)
    process.emitWarning(
      `stratifiedKFold: the least populated class has only ${least} members, which is less than nSplits = ${nSplits}: some folds have no row of it.`,
      "UserWarning",
    );

  const foldOf = new Array<number>(labels.length);
  let dealt = 0; // rows are dealt to the folds in turn, class after class
  for (const rows of rowsOf.values()) {
    const perFold = new Array<number>(nSplits).fill(0);
    rows.forEach((_, i) => perFold[(dealt + i) % nSplits]++);
    dealt += rows.length;
    const folds = perFold.flatMap((count, fold) => new Array<number>(count).fill(fold));
    const shuffled = random === undefined ? folds : random.permutation(folds);
    rows.forEach((row, i) => (foldOf[row] = shuffled[i]));
  }
  return partsOf(foldOf, nSplits);
}

function readOptions(
  where: string,
  length: number,
  { nSplits = 5, shuffle = false, randomState }: KFoldOptions,
): { nSplits: number; random: NumpyRandom | undefined } {
  const problems = new Problems(where);
  problems.expect(
    Number.isInteger(length) && length >= 0,
    `the number of rows must be a whole number from 0; got ${length}`,
  );
  if (
    problems.expect(
      Number.isInteger(nSplits) && nSplits >= 2,
      `nSplits must be a whole number of at least 2; got ${String(nSplits)}`,
    )
  ) {
    problems.expect(nSplits <= length, `nSplits must be at most the number of rows, ${length}; got ${nSplits}`);
  }
  problems.expect(typeof shuffle === "boolean", `shuffle must be true or false; got ${String(shuffle)}`);
  if (!shuffle)
    problems.expect(
      randomState === undefined,
      `randomState must be left out without shuffle: true, since it has no effect; got ${String(randomState)}`,
    );
  const seed = shuffle ? readSeed(problems, randomState) : undefined;
  problems.throwIfAny();
  return { nSplits, random: seed === undefined ? undefined : new NumpyRandom(seed) };
}

function partsOf(foldOf: readonly number[], nSplits: number): SplitIndices[] {
  const rows = foldOf.map((_, row) => row);
  return Array.from({ length: nSplits }, (_, fold) => ({
    train: rows.filter((row) => foldOf[row] !== fold),
    test: rows.filter((row) => foldOf[row] === fold),
  }));
}
