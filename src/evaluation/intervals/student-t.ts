const CONVERGED = 1e-16;
const TERMS = 10_000;
const SMALLEST = 1e-300; // in place of 0 in a denominator

/**
 * The two-sided tail of Student's t distribution: the probability of a value at least as far from 0 as `t`. It is the
 * regularized incomplete beta function I_x(df / 2, 1 / 2) at x = df / (df + t²), from its continued fraction (Lentz).
 *
 * @param df - the degrees of freedom, a whole number of at least 1
 */
export function studentTTail(t: number, df: number): number {
  if (t === 0) return 1;
  if (!Number.isFinite(t)) return Number.isNaN(t) ? NaN : 0;
  const square = t * t;
  const [x, rest] = [df / (df + square), square / (df + square)]; // each without cancellation
  return x < (df / 2 + 1) / (df / 2 + 2.5)
    ? incompleteBeta({ a: df / 2, b: 0.5, x, rest, df })
    : 1 - incompleteBeta({ a: 0.5, b: df / 2, x: rest, rest: x, df });
}

/**
 * The value that Student's t exceeds on either side with probability `tail`: 2.776 for 0.05 and 4 degrees of freedom.
 *
 * @param tail - the probability of both sides together, in (0, 1)
 * @param df - the degrees of freedom, a whole number of at least 1
 */
export function studentTCritical(tail: number, df: number): number {
  let [low, high] = [0, 1];
  while (studentTTail(high, df) > tail) high *= 2;
  for (let step = 0; step < 200 && high - low > Number.EPSILON * high; step++) {
    const middle = (low + high) / 2;
    if (studentTTail(middle, df) > tail) low = middle;
    else high = middle;
  }
  return high;
}

interface IncompleteBeta {
  readonly a: number;
  readonly b: number;
  readonly x: number;
  /** 1 - x */
  readonly rest: number;
  readonly df: number;
}

function incompleteBeta({ a, b, x, rest, df }: IncompleteBeta): number {
  const away = (value: number): number => (Math.abs(value) < SMALLEST ? SMALLEST : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < CONVERGED) break;
  }
  return (x ** a * rest ** b * fraction) / (a * betaWithHalf(df));
}

/** The beta function B(df / 2, 1 / 2), from B(1 / 2, 1 / 2) = π or B(1, 1 / 2) = 2 upwards. */
function betaWithHalf(df: number): number {
  let value = df % 2 === 1 ? Math.PI : 2;
  for (let a = df % 2 === 1 ? 0.5 : 1; a < df / 2; a++) value *= a / (a + 0.5);
  return value;
}
