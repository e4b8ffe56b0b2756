const BLOCK = 128;

/**
 * A sum in NumPy's order: eight partial sums over blocks of up to 128 numbers, halves above that (pairwise summation;
 * Higham, "The accuracy of floating point summation", 1993). The same order gives the same last bit; with another one a
 * report could round differently from scikit-learn's.
 */
export function pairwiseSum(values: ArrayLike<number>, start = 0, count = values.length): number {
  if (count < 8) {
    let sum = 0;
    for (let i = start; i < start + count; i++) sum += values[i];
    return sum;
  }
  if (count > BLOCK) {
    const half = Math.floor(count / 2);
    const left = half - (half % 8);
    return pairwiseSum(values, start, left) + pairwiseSum(values, start + left, count - left);
  }
  const part = [0, 1, 2, 3, 4, 5, 6, 7].map((lane) => values[start + lane]);
  const whole = count - (count % 8);
  for (let i = 8; i < whole; i += 8) for (let lane = 0; lane < 8; lane++) part[lane] += values[start + i + lane];
  let sum = part[0] + part[1] + (part[2] + part[3]) + (part[4] + part[5] + (part[6] + part[7]));
  for (let i = whole; i < count; i++) sum += values[start + i];
  return sum;
}
