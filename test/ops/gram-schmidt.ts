/** Orthonormal columns q and the upper triangle r of which a matrix is the product: by Gram and Schmidt, twice. */
export function gramSchmidt(
  values: Float64Array,
  { rows: m, columns: n }: { readonly rows: number; readonly columns: number },
): { q: Float64Array; r: Float64Array } {
  const k = Math.min(m, n);
  const [q, r] = [new Float64Array(m * k), new Float64Array(k * n)];
  for (let j = 0; j < n; j++) {
    const column = Float64Array.from({ length: m }, (_, i) => values[i * n + j]);
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < Math.min(j, k); i++) {
        const share = column.reduce((sum, value, row) => sum + value * q[row * k + i], 0);
        r[i * n + j] += share;
        column.forEach((value, row) => (column[row] = value - share * q[row * k + i]));
      }
    }
    if (j >= k) continue;
    r[j * n + j] = Math.hypot(...column);
    column.forEach((value, row) => (q[row * k + j] = value / r[j * n + j]));
  }
  return { q, r };
}
