import { pairwiseSum } from "../../base/pairwise-sum";
import { roundPreservingSum } from "./round-preserving-sum";

/**
 * Number of texts to remove for each class and given label, from the confident joint; at least some texts of each class
 * stay. This is cleanlab's `_keep_at_least_n_per_class`.
 *
 * @param joint - [given][class]
 * @returns [class][given]; the diagonal counts the texts that stay
 */
export function pruneCounts(
  joint: readonly (readonly number[])[],
  { minExamplesPerClass, fracNoise }: { readonly minExamplesPerClass: number; readonly fracNoise: number },
): number[][] {
  const classes = joint.map((_, label) => label);
  const byClass = classes.map((row) => classes.map((given) => joint[given][row]));
  const kept = classes.map((label) => Math.max(byClass[label][label], minExamplesPerClass));
  const shifted = byClass.map((row, label) =>
    row.map((count, given) => {
      if (label === given) return kept[label];
      const nonZero = byClass.filter((other) => other[given] !== 0).length;
      const less = (kept[given] - byClass[given][given]) / Math.max(1, nonZero - 1);
      return Math.max(0, count - less);
    }),
  );
  const reduced = shifted.map((row, label) => row.map((count, given) => (label === given ? count : count * fracNoise)));
  for (const given of classes) {
    const removed = classes.map((row) => (row === given ? 0 : shifted[row][given] - reduced[row][given]));
    reduced[given][given] = shifted[given][given] + pairwiseSum(removed); // NumPy's order decides what is cut off below
  }
  return reduced.map((row) => roundPreservingSum(row.map(Math.trunc)));
}
