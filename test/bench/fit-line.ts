/** A line through points by least squares. */
export interface FittedLine {
  readonly slope: number;
  /** The slope's standard error, points taken as independent. */
  readonly error: number;
}

/** Fits y = a + slope x to three points or more. */
export function fitLine(x: readonly number[], y: readonly number[]): FittedLine {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const [meanX, meanY] = [mean(x), mean(y)];
  const spread = x.reduce((sum, value) => sum + (value - meanX) ** 2, 0);
  const slope = x.reduce((sum, value, i) => sum + (value - meanX) * (y[i] - meanY), 0) / spread;
  const left = y.reduce((sum, value, i) => sum + (value - meanY - slope * (x[i] - meanX)) ** 2, 0);
  return { slope, error: Math.sqrt(left / Math.max(1, x.length - 2) / spread) };
}
