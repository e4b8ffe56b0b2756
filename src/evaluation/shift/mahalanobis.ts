import { Problems } from "../../base/problems";
import { numpyQuantiles } from "../calibration/numpy-quantile";
import { expectRows } from "../calibration/check-probabilities";
import { expectQuantile, type Detector } from "./detector";

/** Options of {@link fitMahalanobis}. */
export interface MahalanobisOptions {
  /**
   * The share by which the covariance is moved to a multiple of the identity, as scikit-learn's `ShrunkCovariance`;
   * from 0 to 1. Without it there must be many more texts than features. @default 0.1
   */
  readonly shrinkage?: number;
  /** The share of training texts that are within the threshold. @default 0.95 */
  readonly quantile?: number;
}

/**
 * Distances from the nearest class of the training data (Lee et al., "A simple unified framework for detecting
 * out-of-distribution samples and adversarial attacks", 2018): squared Mahalanobis distances from the classes' means,
 * with one covariance of all classes, shrunk as scikit-learn's `ShrunkCovariance`.
 *
 * @param features - feature vectors of training texts, [texts, features], such as a model's pooled states
 * @param labels - their classes, counted from 0; each class needs a text
 * @throws TsloraError `bad-option` for a shrinkage or quantile outside 0 to 1, `bad-input` for rows that do not fit, or
 *   a covariance without an inverse.
 */
export function fitMahalanobis(
  features: readonly ArrayLike<number>[],
  labels: ArrayLike<number>,
  options: MahalanobisOptions = {},
): Detector {
  const { shrinkage = 0.1, quantile = 0.95 } = options;
  const problems = new Problems("fitMahalanobis");
  problems.expect(shrinkage >= 0 && shrinkage <= 1, `shrinkage must be from 0 to 1; got ${shrinkage}`);
  expectQuantile(problems, quantile);
  problems.throwIfAny();
  const width = expectRows("fitMahalanobis", features, undefined);
  problems.expect(
    labels.length === features.length && Array.from(labels).every((label) => Number.isSafeInteger(label) && label >= 0),
    `labels must hold a class for each of ${features.length} texts; got ${labels.length}`,
  );
  problems.throwIfAny("bad-input");
  const groups = new Map<number, ArrayLike<number>[]>();
  features.forEach((row, i) => {
    const group = groups.get(labels[i]);
    if (group === undefined) groups.set(labels[i], [row]);
    else group.push(row);
  });
  const means = new Map([...groups].map(([label, rows]) => [label, meanOf(rows, width)]));
  const centred = features.map((row, i) => subtract(row, means.get(labels[i]) ?? row));
  const factor = cholesky(shrunkCovariance(centred, width, shrinkage), problems);
  const score = (row: ArrayLike<number>): number =>
    [...means.values()].reduce((least, mean) => Math.min(least, squaredLength(factor, subtract(row, mean))), Infinity);
  const [threshold] = numpyQuantiles(features.map(score), [quantile]);
  return { kind: "mahalanobis", width, threshold, score };
}

function meanOf(rows: readonly ArrayLike<number>[], width: number): Float64Array {
  const sum = new Float64Array(width);
  for (const row of rows) for (let j = 0; j < width; j++) sum[j] += row[j] / rows.length;
  return sum;
}

function subtract(a: ArrayLike<number>, b: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: a.length }, (_, j) => a[j] - b[j]);
}

/** The covariance of centred rows, moved towards the identity times its mean variance. */
function shrunkCovariance(rows: readonly Float64Array[], width: number, shrinkage: number): Float64Array[] {
  const covariance = Array.from({ length: width }, () => new Float64Array(width));
  for (const row of rows)
    for (let i = 0; i < width; i++) for (let j = 0; j <= i; j++) covariance[i][j] += (row[i] * row[j]) / rows.length;
  const variance = covariance.reduce((sum, row, i) => sum + row[i], 0) / width;
  for (let i = 0; i < width; i++)
    for (let j = 0; j <= i; j++)
      covariance[i][j] = (1 - shrinkage) * covariance[i][j] + (i === j ? shrinkage * variance : 0);
  return covariance; // the lower triangle
}

/** The lower triangular factor of a covariance. */
function cholesky(matrix: readonly Float64Array[], problems: Problems): Float64Array[] {
  const factor = matrix.map((row) => new Float64Array(row.length));
  for (let i = 0; i < matrix.length; i++)
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j];
      for (let k = 0; k < j; k++) sum -= factor[i][k] * factor[j][k];
      if (i === j && !(sum > 1e-14 * matrix[i][i]))
        problems.expect(false, "the covariance has no inverse: features depend on each other. Raise shrinkage above 0");
      problems.throwIfAny("bad-input");
      factor[i][j] = i === j ? Math.sqrt(sum) : sum / factor[j][j];
    }
  return factor;
}

/** The squared length of a vector in units of the covariance, by forward substitution. */
function squaredLength(factor: readonly Float64Array[], vector: Float64Array): number {
  const solved = new Float64Array(vector.length);
  let length = 0;
  for (let i = 0; i < vector.length; i++) {
    let sum = vector[i];
    for (let j = 0; j < i; j++) sum -= factor[i][j] * solved[j];
    solved[i] = sum / factor[i][i];
    length += solved[i] ** 2;
  }
  return length;
}
