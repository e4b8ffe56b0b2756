/** Greatest relative error of a mean of up to 9,000 numbers: n · 2^-53 (Higham, Accuracy and Stability, 4.2). */
const ROUNDING = 1e-12;

/**
 * Whether an interval holds a value. The value may lie outside by its rounding: the mean of three times 0.925, for
 * example, is 0.9250000000000002, in NumPy too.
 */
export function holds({ low, high }: { readonly low: number; readonly high: number }, value: number): boolean {
  const slack = ROUNDING * Math.max(Math.abs(low), Math.abs(high));
  return low <= high && low - slack <= value && value <= high + slack;
}
