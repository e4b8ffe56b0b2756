import { Problems } from "../../base/problems";
import { expectRows } from "../calibration/check-probabilities";
import { numpyQuantiles } from "../calibration/numpy-quantile";
import { expectQuantile, type Detector } from "./detector";

/** Options of {@link fitNearestNeighbors}. */
export interface NearestNeighborsOptions {
  /** The neighbour whose distance counts. @default 10 */
  readonly k?: number;
  /** Whether vectors are first divided by their length, as the paper does. @default true */
  readonly normalize?: boolean;
  /** The share of training texts that are within the threshold. @default 0.95 */
  readonly quantile?: number;
}

/**
 * Distances from the k-th nearest training text (Sun et al., "Out-of-distribution detection with deep nearest
 * neighbors", 2022), Euclidean, as scikit-learn's `NearestNeighbors`. The threshold leaves out a training text's
 * distance from itself.
 *
 * @param features - feature vectors of training texts, [texts, features]
 * @throws TsloraError `bad-option` for a quantile outside 0 to 1 or a `k` that is not below the number of texts,
 *   `bad-input` for rows that do not fit.
 */
export function fitNearestNeighbors(
  features: readonly ArrayLike<number>[],
  options: NearestNeighborsOptions = {},
): Detector {
  const { k = 10, normalize = true, quantile = 0.95 } = options;
  const problems = new Problems("fitNearestNeighbors");
  expectQuantile(problems, quantile);
  problems.expect(
    Number.isSafeInteger(k) && k >= 1 && k < features.length,
    `k must be a whole number from 1 to ${features.length - 1}, below the number of texts; got ${k}`,
  );
  problems.throwIfAny();
  const width = expectRows("fitNearestNeighbors", features, undefined);
  const prepare = (row: ArrayLike<number>): Float64Array => {
    const values = Float64Array.from(row);
    const length = Math.hypot(...values);
    return normalize && length > 0 ? values.map((value) => value / length) : values;
  };
  const known = features.map(prepare);
  const distance = (row: Float64Array, skipped: number): number => {
    const squares = new Float64Array(known.length - (skipped < 0 ? 0 : 1));
    let at = 0;
    known.forEach((other, i) => {
      if (i !== skipped) squares[at++] = other.reduce((sum, value, j) => sum + (value - row[j]) ** 2, 0);
    });
    return Math.sqrt(squares.sort()[k - 1]);
  };
  const [threshold] = numpyQuantiles(
    known.map((row, i) => distance(row, i)),
    [quantile],
  );
  return { kind: "nearest-neighbors", width, threshold, score: (row) => distance(prepare(row), -1) };
}
