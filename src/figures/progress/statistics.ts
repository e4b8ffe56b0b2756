/** The smallest and the largest value; unlike `Math.min(...values)`, for any number of values. */
export function rangeOf(values: readonly number[]): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}

/** About `wanted` equal bins with round edges over all values. */
export function niceBins(values: readonly number[], wanted: number): { start: number; width: number; count: number } {
  const { low, high } = rangeOf(values);
  if (low === high) return { start: low - 0.5, width: 1, count: 1 };
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const width = ([1, 2, 5].find((step) => step * power >= rough) ?? 10) * power;
  const start = Math.floor(low / width) * width;
  return { start, width, count: Math.max(1, Math.ceil((high - start) / width + 1e-9)) };
}

/** The mean of each value and up to `reach` neighbours on each side, which smooths a noisy curve. */
export function runningMean(values: readonly number[], reach: number): number[] {
  const sums = [0];
  for (const value of values) sums.push(sums[sums.length - 1] + value);
  return values.map((_, i) => {
    const from = Math.max(0, i - reach);
    const to = Math.min(values.length, i + reach + 1);
    return (sums[to] - sums[from]) / (to - from);
  });
}
