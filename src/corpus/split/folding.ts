import { Problems } from "../../base/problems";
import { NumpyRandom } from "./numpy-random";
import { readSeed } from "./split-checks";
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

/** The unit of folds: rows, or groups of rows. */
type Unit = "row" | "group";

/**
 * Reads the options of k-fold cross-validation.
 *
 * @param divided - the number of rows, or of groups
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function readFolding(
  where: string,
  { length, unit = "row" }: { readonly length: number; readonly unit?: Unit },
  { nSplits = 5, shuffle = false, randomState }: KFoldOptions,
): { nSplits: number; random: NumpyRandom | undefined } {
  const problems = new Problems(where);
  problems.expect(
    Number.isInteger(length) && length >= 0,
    `the number of ${unit}s must be a whole number from 0; got ${length}`,
  );
  if (
    problems.expect(
      Number.isInteger(nSplits) && nSplits >= 2,
      `nSplits must be a whole number of at least 2; got ${String(nSplits)}`,
    )
  ) {
    problems.expect(nSplits <= length, `nSplits must be at most the number of ${unit}s, ${length}; got ${nSplits}`);
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

/** The fold of each of `order`'s numbers: the order is cut into `nSplits` runs, the first of which are one longer. */
export function foldsOfRuns(order: readonly number[], nSplits: number): number[] {
  const foldOf = new Array<number>(order.length);
  let start = 0;
  for (let fold = 0; fold < nSplits; fold++) {
    const end = start + Math.floor(order.length / nSplits) + (fold < order.length % nSplits ? 1 : 0);
    for (const number of order.slice(start, end)) foldOf[number] = fold;
    start = end;
  }
  return foldOf;
}

/** The parts of each fold, from the fold in which each row is tested; row numbers ascend. */
export function partsOf(foldOf: readonly number[], nSplits: number): SplitIndices[] {
  const rows = foldOf.map((_, row) => row);
  return Array.from({ length: nSplits }, (_, fold) => ({
    train: rows.filter((row) => foldOf[row] !== fold),
    test: rows.filter((row) => foldOf[row] === fold),
  }));
}
