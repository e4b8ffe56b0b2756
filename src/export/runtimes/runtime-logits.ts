/** The logits of one runtime. */
export interface RuntimeLogits {
  /** The runtime's name. */
  readonly runtime: string;
  /** A row for each text: [labels]. */
  readonly logits: readonly (readonly number[])[];
}

/** The largest difference of a logit between two runtimes. */
export function largestDifference(one: RuntimeLogits, other: RuntimeLogits): number {
  return one.logits.reduce(
    (most, row, text) =>
      row.reduce((found, value, k) => Math.max(found, Math.abs(value - other.logits[text][k])), most),
    0,
  );
}

/** Rows of a flat array. */
export function rowsOf(flat: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: flat.length / width }, (_, row) =>
    Array.from({ length: width }, (_label, k) => flat[row * width + k]),
  );
}
