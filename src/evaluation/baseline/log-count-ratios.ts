import type { SparseMatrix } from "./sparse-matrix";

/**
 * Log-count ratios of naive Bayes: for each column ln((p / |p|) / (n / |n|)), where p and n are the numbers of positive
 * and of other rows that have the column, plus one, and |p| and |n| their sums over the columns. A logistic regression
 * on columns that are multiplied by them penalises terms less, the more they tell the classes apart: NBSVM of Wang and
 * Manning, "Baselines and Bigrams" (2012).
 *
 * @param x - [rows, columns]
 * @param flags - 1 for a positive row, else 0; [rows]
 * @returns [columns]
 */
export function logCountRatios(x: SparseMatrix, flags: ArrayLike<number>): Float64Array {
  const [rows, columns] = x.shape;
  const counts = [new Float64Array(columns).fill(1), new Float64Array(columns).fill(1)] as const;
  for (let row = 0; row < rows; row++) {
    const own = counts[flags[row] === 1 ? 1 : 0];
    for (let k = x.indptr[row]; k < x.indptr[row + 1]; k++) own[x.indices[k]]++;
  }
  const [others, positives] = counts.map((own) => own.reduce((sum, count) => sum + count, 0));
  return counts[1].map((count, column) => Math.log(count / positives / (counts[0][column] / others)));
}

/** Multiplies the columns of matrices by the log-count ratios of one of them, or leaves matrices as they are. */
export function ratioScaling(
  x: SparseMatrix,
  flags: ArrayLike<number>,
  { byRatios }: { readonly byRatios: boolean },
): (some: SparseMatrix) => SparseMatrix {
  if (!byRatios) return (some) => some;
  const ratios = logCountRatios(x, flags);
  return (some) => scaleColumns(some, ratios);
}

/** The matrix with each column multiplied by a factor. */
export function scaleColumns(x: SparseMatrix, factors: Float64Array): SparseMatrix {
  return { ...x, data: x.data.map((value, k) => value * factors[x.indices[k]]) };
}
