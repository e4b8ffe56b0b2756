/**
 * Rows of mostly zeros (compressed sparse rows): row i holds `data[k]` in column `indices[k]` for k from `indptr[i]` up
 * to `indptr[i + 1]`.
 */
export interface SparseMatrix {
  readonly shape: readonly [rows: number, columns: number];
  readonly indptr: Uint32Array;
  /** Columns, rising within a row. */
  readonly indices: Uint32Array;
  readonly data: Float64Array;
}

/** A matrix of rows given as [column, value] pairs, columns rising. */
export function sparseMatrix(
  rows: readonly (readonly (readonly [column: number, value: number])[])[],
  columns: number,
): SparseMatrix {
  const indptr = new Uint32Array(rows.length + 1);
  rows.forEach((row, i) => (indptr[i + 1] = indptr[i] + row.length));
  const indices = new Uint32Array(indptr[rows.length]);
  const data = new Float64Array(indptr[rows.length]);
  rows.forEach((row, i) =>
    row.forEach(([column, value], k) => {
      indices[indptr[i] + k] = column;
      data[indptr[i] + k] = value;
    }),
  );
  return { shape: [rows.length, columns], indptr, indices, data };
}
