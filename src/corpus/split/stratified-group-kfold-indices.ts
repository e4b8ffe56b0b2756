import { pairwiseSum } from "../../base/pairwise-sum";
import { partsOf, readFolding, type KFoldOptions } from "./folding";
import { readGroups } from "./group-kfold-indices";
import { expectClasses, expectFoldsOfClasses } from "./kfold-indices";
import type { SplitIndices } from "./split-indices";
import { uniqueValues } from "./unique-values";

/** Options of {@link stratifiedGroupKFoldIndices}, with scikit-learn's names. */
export interface StratifiedGroupKFoldOptions extends KFoldOptions {
  /** The group of each row. */
  readonly groups: readonly (number | string)[];
}

/**
 * The row numbers of scikit-learn's `StratifiedGroupKFold`, index for index: all rows of a group are in the test part
 * of the same fold, and every fold has the shares of the classes as far as the groups allow. Groups with the most
 * unequal classes are dealt first, each to the fold where the classes' shares vary least.
 *
 * @param labels - the class of each row
 * @returns the folds; row numbers ascend in each part
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function stratifiedGroupKFoldIndices(
  labels: readonly (number | string)[],
  options: StratifiedGroupKFoldOptions,
): SplitIndices[] {
  const where = "stratifiedGroupKFold";
  expectClasses(where, labels);
  const groups = readGroups(where, options.groups, labels.length);
  const length = groups.values.length;
  const { nSplits, random } = readFolding(where, { length, unit: "group" }, options);
  expectFoldsOfClasses(where, labels, nSplits);
  const classes = uniqueValues(labels);
  const inOrder = groups.values.map((_, group) => group);
  const order = random === undefined ? inOrder : random.permutation(inOrder);
  const counts = groups.values.map(() => new Float64Array(classes.values.length)); // [groups][classes]
  groups.inverse.forEach((group, row) => counts[group][classes.inverse[row]]++);
  const spread = counts.map(standardDeviation);
  const dealt = order // in NumPy's stable order
    .map((group, place) => ({ group, place }))
    .sort((a, b) => spread[b.group] - spread[a.group] || a.place - b.place);

  const inFolds = Array.from({ length: nSplits }, () => new Float64Array(classes.values.length)); // [folds][classes]
  const foldOf = new Int32Array(length);
  for (const { group } of dealt) {
    const best = bestFold(inFolds, counts[group], classes.counts);
    counts[group].forEach((count, label) => (inFolds[best][label] += count));
    foldOf[group] = best;
  }
  return partsOf(
    Array.from(groups.inverse, (group) => foldOf[group]),
    nSplits,
  );
}

/** The fold for a group: that after which the classes' shares vary least over the folds; of equal ones the emptiest. */
function bestFold(inFolds: readonly Float64Array[], added: Float64Array, ofClasses: Int32Array): number {
  let best = 0;
  let least = Infinity;
  let fewest = Infinity;
  for (let fold = 0; fold < inFolds.length; fold++) {
    const deviations = Array.from(ofClasses, (whole, label) =>
      deviationOfColumn(
        inFolds.map((counts, i) => (counts[label] + (i === fold ? added[label] : 0)) / whole),
        ofClasses.length,
      ),
    );
    const variation = pairwiseSum(deviations) / deviations.length;
    const rows = pairwiseSum(inFolds[fold]);
    if (variation < least || (isClose(variation, least) && rows < fewest)) {
      least = variation;
      fewest = rows;
      best = fold;
    }
  }
  return best;
}

/** `numpy.std` of a list. */
function standardDeviation(values: ArrayLike<number>): number {
  return deviation(values, pairwiseSum);
}

/** `numpy.std(..., axis=0)` of one column: NumPy adds row after row, except in a matrix with one column. */
function deviationOfColumn(values: readonly number[], columns: number): number {
  return deviation(values, columns === 1 ? pairwiseSum : inTurn);
}

function deviation(values: ArrayLike<number>, sum: (values: ArrayLike<number>) => number): number {
  const mean = sum(values) / values.length;
  return Math.sqrt(sum(Array.from(values, (value) => (value - mean) * (value - mean))) / values.length);
}

function inTurn(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}

/** `numpy.isclose(a, b)` for numbers that are not NaN. */
function isClose(a: number, b: number): boolean {
  return a === b || (Number.isFinite(b) && Math.abs(a - b) <= 1e-8 + 1e-5 * Math.abs(b));
}
