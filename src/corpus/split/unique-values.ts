import { compareCodePoints } from "../../base/compare-code-points";

/** Distinct values in NumPy's order, and the number of each row's value among them, as `numpy.unique` gives them. */
export interface UniqueValues<T> {
  readonly values: readonly T[];
  /** For each row the position of its value. */
  readonly inverse: Int32Array;
  /** Rows of each value. */
  readonly counts: Int32Array;
}

/** `numpy.unique(rows, return_inverse=True, return_counts=True)`: names by code point, numbers by size. */
export function uniqueValues<T extends number | string>(rows: readonly T[]): UniqueValues<T> {
  const values = [...new Set(rows)].sort((a, b) =>
    typeof a === "string" && typeof b === "string" ? compareCodePoints(a, b) : Number(a) - Number(b),
  );
  const positions = new Map(values.map((value, position) => [value, position]));
  const inverse = Int32Array.from(rows, (value) => positions.get(value) ?? -1);
  const counts = new Int32Array(values.length);
  for (const position of inverse) counts[position]++;
  return { values, inverse, counts };
}
