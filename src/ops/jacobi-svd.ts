/**
 * The singular value decomposition of a tall matrix by one-sided Jacobi rotations (Hestenes, 1958): rotates pairs of
 * columns until all columns are orthogonal.
 *
 * @param values - [rows, columns] row by row, rows >= columns
 * @returns u [rows, columns], s [columns] in descending order and v [columns, columns], with x = u diag(s) v'; u's
 *   columns for singular values of 0 are 0
 */
export function jacobiSvd(
  values: ArrayLike<number>,
  options: { rows: number; columns: number },
): { u: Float32Array; s: Float32Array; v: Float32Array } {
  const { rows, columns } = options;
  const column = (j: number): Float64Array => Float64Array.from({ length: rows }, (_, i) => values[i * columns + j]);
  const a = Array.from({ length: columns }, (_, j) => column(j));
  const v = Array.from({ length: columns }, (_, j) =>
    Float64Array.from({ length: columns }, (_, i) => Number(i === j)),
  );
  for (let sweep = 0, turned = true; turned && sweep < 60; sweep++) {
    turned = false;
    for (let p = 0; p < columns; p++) for (let q = p + 1; q < columns; q++) turned = rotate(a, v, p, q) || turned;
  }
  const sizes = a.map((x) => Math.sqrt(dot(x, x)));
  const order = sizes.map((_, j) => j).sort((i, j) => sizes[j] - sizes[i]);
  const s = Float32Array.from(order, (j) => sizes[j]);
  const u = Float32Array.from({ length: rows * columns }, (_, k) => {
    const j = order[k % columns];
    return sizes[j] === 0 ? 0 : a[j][Math.floor(k / columns)] / sizes[j];
  });
  return {
    u,
    s,
    v: Float32Array.from({ length: columns * columns }, (_, k) => v[order[k % columns]][Math.floor(k / columns)]),
  };
}

/** Makes columns p and q orthogonal; returns false if they already are. */
function rotate(a: readonly Float64Array[], v: readonly Float64Array[], p: number, q: number): boolean {
  const [alpha, beta, gamma] = [dot(a[p], a[p]), dot(a[q], a[q]), dot(a[p], a[q])];
  if (Math.abs(gamma) <= 1e-15 * Math.sqrt(alpha * beta)) return false;
  const zeta = (beta - alpha) / (2 * gamma);
  const t = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const c = 1 / Math.sqrt(1 + t * t);
  for (const [x, y] of [
    [a[p], a[q]],
    [v[p], v[q]],
  ]) {
    for (let i = 0; i < x.length; i++) {
      const before = x[i];
      x[i] = c * (before - t * y[i]);
      y[i] = c * (t * before + y[i]);
    }
  }
  return true;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i] * y[i];
  return sum;
}
