/**
 * Quantiles of numbers with linear interpolation. Rounding is that of numpy.quantile, so that a number that equals a
 * quantile falls into the same bin as in NumPy.
 *
 * @param values - at least one number, in any order
 * @param shares - from 0 to 1
 */
export function numpyQuantiles(values: ArrayLike<number>, shares: readonly number[]): number[] {
  const sorted = Float64Array.from(values).sort();
  return shares.map((share) => {
    const place = (sorted.length - 1) * share;
    const below = Math.min(Math.floor(place), sorted.length - 1);
    const [a, b] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)]];
    const t = place - below;
    return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
  });
}

/** `count` numbers from 0 to 1 at equal distances, as numpy.linspace gives them. */
export function unitSteps(count: number): number[] {
  const step = 1 / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? 1 : i * step));
}
