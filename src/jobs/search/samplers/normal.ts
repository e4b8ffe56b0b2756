const SQRT1_2 = Math.SQRT1_2;
const LOG_SQRT_2PI = 0.5 * Math.log(2 * Math.PI);
const SERIES_BELOW = 2; // erf by its series below, the continued fraction from here on
const TERMS = 200;

/** erf(x) for |x| below 2, by its series of positive terms: no cancellation. */
function erfSeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < TERMS && Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** exp(x²) erfc(x) for x of at least 2, by its continued fraction from the last term backwards. */
function scaledErfc(x: number): number {
  let fraction = 0;
  for (let n = TERMS; n >= 1; n--) fraction = n / 2 / (x + fraction);
  return 1 / (Math.sqrt(Math.PI) * (x + fraction));
}

function erfc(x: number): number {
  if (x >= SERIES_BELOW) return Math.exp(-x * x) * scaledErfc(x);
  if (x <= -SERIES_BELOW) return 2 - erfc(-x);
  return 1 - erfSeries(x);
}

/** The distribution function of the standard normal distribution. */
export function normalCdf(x: number): number {
  return Math.abs(x) < SQRT1_2 ? 0.5 + 0.5 * erfSeries(x * SQRT1_2) : 0.5 * erfc(-x * SQRT1_2);
}

/** The logarithm of {@link normalCdf}, exact in the left tail too. */
export function logNormalCdf(x: number): number {
  if (x > 6) return -normalCdf(-x);
  const scaled = -x * SQRT1_2;
  if (scaled >= SERIES_BELOW) return -scaled * scaled + Math.log(0.5 * scaledErfc(scaled));
  return Math.log(normalCdf(x));
}

/** The logarithm of the normal probability of the interval from a to b. */
export function logNormalMass(a: number, b: number): number {
  if (b <= 0) return logDifference(logNormalCdf(b), logNormalCdf(a));
  if (a > 0) return logDifference(logNormalCdf(-a), logNormalCdf(-b));
  return Math.log1p(-normalCdf(a) - normalCdf(-b));
}

/** log(exp(p) - exp(q)). */
function logDifference(p: number, q: number): number {
  return p + Math.log1p(-Math.exp(q - p));
}

/** log(exp(p) + exp(q)). */
function logSum(p: number, q: number): number {
  const [high, low] = p > q ? [p, q] : [q, p];
  return high === -Infinity ? -Infinity : high + Math.log1p(Math.exp(low - high));
}

/** The logarithm of the density of a normal distribution, at a value in units of its deviation. */
export function logNormalDensity(x: number, deviation: number): number {
  return -(x * x) / 2 - LOG_SQRT_2PI - Math.log(deviation);
}

/** The quantile of the standard normal distribution that is cut to [a, b]. */
export function truncatedQuantile(q: number, { a, b }: { a: number; b: number }): number {
  if (q === 0) return a;
  if (q === 1) return b;
  const mass = logNormalMass(a, b);
  return a < 0
    ? quantileOfLog(logSum(logNormalCdf(a), Math.log(q) + mass))
    : -quantileOfLog(logSum(logNormalCdf(-b), Math.log1p(-q) + mass));
}

/** The x with {@link logNormalCdf}(x) = y, by Newton's method from the guesses that Optuna starts with. */
function quantileOfLog(y: number): number {
  const flips = y > -1e-2;
  const z = flips ? Math.log(-Math.expm1(y)) : y;
  let x = z < -5 ? -Math.sqrt(-2 * (z + LOG_SQRT_2PI)) : (-Math.sqrt(3) / Math.PI) * Math.log(Math.expm1(-z));
  for (let i = 0; i < 100; i++) {
    const log = logNormalCdf(x);
    const change = (log - z) * Math.exp(log + 0.5 * x * x + LOG_SQRT_2PI);
    x -= change;
    if (!(Math.abs(change) >= 1e-8 * Math.abs(x))) break;
  }
  return flips ? -x : x;
}
