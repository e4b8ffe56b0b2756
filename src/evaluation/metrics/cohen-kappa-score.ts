import { confusionMatrix } from "./confusion-matrix";
import { pairwiseSum } from "../../base/pairwise-sum";
import type { WeightOptions } from "./sample-weight";
import type { Label, Labels } from "./targets";

/**
 * Cohen's kappa, the agreement of two labellings beyond chance, as scikit-learn's `cohen_kappa_score`.
 *
 * @param options.labels - the labels, in order. @default those that occur, sorted
 * @param options.weights - the weight of a disagreement: the distance of the labels' positions ("linear") or its square
 *   ("quadratic"). @default equal weights
 * @param options.replaceUndefinedBy - the result if kappa is undefined, which is so if both have only the same single
 *   label. @default NaN
 * @throws TsloraError `bad-option` if none of `labels` occurs in `y1`.
 */
export function cohenKappaScore(
  y1: Labels,
  y2: Labels,
  options: WeightOptions & {
    readonly labels?: readonly Label[];
    readonly weights?: "linear" | "quadratic";
    readonly replaceUndefinedBy?: number;
  } = {},
): number {
  const matrix = confusionMatrix(y1, y2, { labels: options.labels, sampleWeight: options.sampleWeight });
  const rowSums = matrix.map((row) => pairwiseSum(row));
  const columnSums = matrix.map((_, column) => pairwiseSum(matrix.map((row) => row[column])));
  const total = pairwiseSum(columnSums);
  const weigh = (row: number, column: number): number => {
    const distance = Math.abs(row - column);
    return options.weights === "linear"
      ? distance
      : options.weights === "quadratic"
        ? distance ** 2
        : Math.min(distance, 1);
  };
  const observed = pairwiseSum(matrix.flatMap((row, i) => row.map((count, j) => weigh(i, j) * count)));
  // scikit-learn's own order, sums of columns down the rows; the weights are symmetric.
  const expected = pairwiseSum(columnSums.flatMap((a, i) => rowSums.map((b, j) => weigh(i, j) * ((a * b) / total))));
  return expected === 0 || total === 0 ? (options.replaceUndefinedBy ?? NaN) : 1 - observed / expected;
}
