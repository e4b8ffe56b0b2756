const { fround } = Math;
/** The smallest normal 32-bit float: smaller steps and scales are taken as 0. */
const LEAST = 2 ** -126;

/** To the nearest whole number, ties to the even one. */
function nearest(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest === 0.5) return floor % 2 === 0 ? floor : floor + 1;
  return rest < 0.5 ? floor : floor + 1;
}

/** A channel of a weight in 8 bits. */
export interface ReferenceChannel {
  readonly scale: number;
  readonly q: readonly number[];
}

/** The definition of a weight's channel in 8 bits, in 32-bit floats, step by step. */
export function referenceChannel(w: Float32Array): ReferenceChannel {
  if (!w.every(Number.isFinite)) return { scale: NaN, q: Array.from(w, () => 0) };
  const pairs = Array.from({ length: Math.ceil(w.length / 2) }, (_, i) =>
    fround(Math.abs(w[2 * i]) + Math.abs(w[2 * i + 1] ?? 0)),
  );
  const scale = fround(Math.max(...pairs) / 127);
  if (!Number.isFinite(scale)) return { scale: NaN, q: Array.from(w, () => 0) };
  if (scale < LEAST) return { scale: 0, q: Array.from(w, () => 0) };
  return { scale, q: Array.from(w, (x) => nearest(fround(x / scale))) };
}

/** A row of activations in 8 bits: x = low + step u. */
export interface ReferenceRow {
  readonly low: number;
  readonly step: number;
  readonly u: readonly number[];
}

/** The definition of a row in 8 bits. */
export function referenceRow(x: Float32Array): ReferenceRow {
  const u = Array.from(x, () => 0);
  if (!x.every(Number.isFinite)) return { low: NaN, step: 0, u };
  const least = Math.min(...x) + 0;
  const width = fround(Math.max(...x) - least);
  if (!Number.isFinite(width)) return { low: NaN, step: 0, u };
  const step = fround(width / 255);
  if (step < LEAST) return { low: least, step: 0, u };
  const inverse = fround(1 / step);
  return { low: least, step, u: Array.from(x, (value) => nearest(fround(fround(value - least) * inverse))) };
}

/**
 * The definition of x w' + bias: each operation rounds to 32 bits, but for the sums of whole numbers, which are exact.
 */
export function referenceAffine(row: ReferenceRow, { scale, q }: ReferenceChannel, { bias }: { bias: number }): number {
  const total = q.reduce((sum, value) => sum + value, 0);
  const sum = q.reduce((all, value, k) => all + value * row.u[k], 0);
  const inner = fround(fround(row.step * fround(sum)) + fround(row.low * total));
  return fround(fround(inner * scale) + bias);
}
