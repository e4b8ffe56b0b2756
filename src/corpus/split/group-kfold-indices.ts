import { Problems } from "../../base/problems";
import { foldsOfRuns, partsOf, readFolding, type KFoldOptions } from "./folding";
import { expectOneKind } from "./split-checks";
import type { SplitIndices } from "./split-indices";
import { uniqueValues, type UniqueValues } from "./unique-values";

/**
 * The row numbers of scikit-learn's `GroupKFold`, index for index: all rows of a group are in the test part of the same
 * fold. Without `shuffle`, the largest groups are dealt first, each to the fold with the fewest rows. With it, each
 * fold has about the same number of groups.
 *
 * @param groups - the group of each row
 * @returns the folds; row numbers ascend in each part
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function groupKFoldIndices(groups: readonly (number | string)[], options: KFoldOptions = {}): SplitIndices[] {
  const unique = readGroups("groupKFold", groups);
  const { nSplits, random } = readFolding("groupKFold", { length: unique.values.length, unit: "group" }, options);
  const foldOf =
    random === undefined
      ? lightestFolds(unique, nSplits)
      : foldsOfRuns(random.permutation(unique.values.map((_, group) => group)), nSplits);
  return partsOf(
    Array.from(unique.inverse, (group) => foldOf[group]),
    nSplits,
  );
}

/**
 * The distinct groups.
 *
 * @param length - the number of rows, if it is known
 * @throws TsloraError `bad-option` if groups are not all numbers or all names, or a row has none.
 */
export function readGroups(
  where: string,
  groups: readonly (number | string)[],
  length = groups.length,
): UniqueValues<number | string> {
  const problems = new Problems(where);
  problems.expect(
    groups.length === length,
    `groups must have a group for each of ${length} rows; got ${groups.length}`,
  );
  expectOneKind(problems, "groups", groups);
  problems.throwIfAny();
  return uniqueValues(groups);
}

/** The fold of each group: the largest first, and of equal groups the last, each to the lightest fold. */
function lightestFolds({ values, counts }: UniqueValues<number | string>, nSplits: number): Int32Array {
  const order = values.map((_, group) => group).sort((a, b) => counts[b] - counts[a] || b - a);
  const rows = new Array<number>(nSplits).fill(0);
  const foldOf = new Int32Array(values.length);
  for (const group of order) {
    const lightest = rows.indexOf(Math.min(...rows));
    rows[lightest] += counts[group];
    foldOf[group] = lightest;
  }
  return foldOf;
}
