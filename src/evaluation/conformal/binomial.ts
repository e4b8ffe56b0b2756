/** The probability of at most `k` successes in `n` trials of probability `p`. */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  const odds = Math.log(p) - Math.log1p(-p);
  const logs = [n * Math.log1p(-p)]; // of the probability of each number of successes
  for (let i = 0; i < k; i++) logs.push(logs[i] + Math.log(n - i) - Math.log(i + 1) + odds);
  const max = logs.reduce((a, b) => Math.max(a, b));
  return Math.min(1, Math.exp(max) * logs.reduce((sum, log) => sum + Math.exp(log - max), 0));
}

/**
 * The upper bound of a probability at confidence 1 - delta, given `k` successes in `n` trials (Clopper and Pearson,
 * 1934): the greatest p for which at most `k` successes are not rarer than delta.
 */
export function binomialUpperBound(k: number, n: number, delta: number): number {
  if (k >= n) return 1;
  let [low, high] = [k / n, 1];
  for (let step = 0; step < 100 && high - low > Number.EPSILON * high; step++) {
    const middle = (low + high) / 2;
    if (binomialCdf(k, n, middle) > delta) low = middle;
    else high = middle;
  }
  return high;
}
