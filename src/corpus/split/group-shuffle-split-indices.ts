import { Problems } from "../../base/problems";
import { readGroups } from "./group-kfold-indices";
import { NumpyRandom } from "./numpy-random";
import { readSeed } from "./split-checks";
import type { SplitIndices } from "./split-indices";
import { expectSizes, readSizes } from "./split-sizes";

/** Options of {@link groupShuffleSplitIndices}, with scikit-learn's names. Sizes count groups, not rows. */
export interface GroupShuffleSplitOptions {
  /** Number of splits, each with another order of the groups. @default 5 */
  readonly nSplits?: number;
  /**
   * The train set's share of the groups as a fraction in (0, 1), rounded down, or its number of groups.
   * @default the rest after `testSize`
   */
  readonly trainSize?: number;
  /**
   * The test set's share of the groups as a fraction in (0, 1), rounded up, or its number of groups.
   * @default the rest after `trainSize`; 0.2 if neither is given
   */
  readonly testSize?: number;
  /** The seed, a whole number in [0, 2^32). No default: a split must be repeatable. */
  readonly randomState: number;
}

/**
 * The row numbers of scikit-learn's `GroupShuffleSplit`, index for index: groups are drawn at random, and all rows of a
 * group are in the same part.
 *
 * @param groups - the group of each row
 * @returns the splits; row numbers ascend in each part
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function groupShuffleSplitIndices(
  groups: readonly (number | string)[],
  options: GroupShuffleSplitOptions,
): SplitIndices[] {
  const { nSplits = 5, randomState } = options;
  const { values, inverse } = readGroups("groupShuffleSplit", groups);
  const problems = new Problems("groupShuffleSplit");
  const divided = { length: values.length, unit: "group" } as const;
  problems.expect(
    Number.isSafeInteger(nSplits) && nSplits >= 1,
    `nSplits must be a whole number of at least 1; got ${String(nSplits)}`,
  );
  readSeed(problems, randomState);
  expectSizes(problems, options, divided);
  problems.throwIfAny();
  const { train, test } = readSizes(problems, options, { ...divided, standard: 0.2 });
  problems.throwIfAny();
  const random = new NumpyRandom(randomState);
  return Array.from({ length: nSplits }, () => {
    const order = random.permutation(values.map((_, group) => group));
    const inTest = new Set(order.slice(0, test));
    const inTrain = new Set(order.slice(test, test + train));
    const rowsOf = (part: ReadonlySet<number>): number[] =>
      groups.flatMap((_, row) => (part.has(inverse[row]) ? [row] : []));
    return { train: rowsOf(inTrain), test: rowsOf(inTest) };
  });
}
