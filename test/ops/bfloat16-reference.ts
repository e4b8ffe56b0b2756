import type { Bfloat16Method } from "../../src/ops/kernel-calls/bfloat16-methods";

const SMALLEST = 2 ** -126; // smaller numbers are subnormal: the instructions take them as 0
const BLOCK = 32;
const double = new Float64Array(1);
const bitsOfDouble = new BigInt64Array(double.buffer);
const float = new Float32Array(1);
const bitsOfFloat = new Uint32Array(float.buffer);

/** A float rounded to bfloat16, ties to even; subnormal numbers to 0. */
export function toBfloat16(x: number): number {
  if (Number.isNaN(x)) return NaN;
  float[0] = flushed(x);
  const bits = bitsOfFloat[0];
  bitsOfFloat[0] = ((bits + 0x7fff + ((bits >>> 16) & 1)) & 0xffff0000) >>> 0;
  return float[0];
}

function flushed(x: number): number {
  return Math.abs(x) < SMALLEST ? 0 * x : x;
}

/** x w + sum, rounded once to a float. The product of two bfloat16 numbers is exact in a double. */
function fused(x: number, w: number, sum: number): number {
  return flushed(rounded(x * w, sum));
}

/** a + b, rounded once to a float: through a double that is rounded to odd (Boldo and Melquiond, 2008). */
function rounded(a: number, b: number): number {
  const s = a + b;
  if (!Number.isFinite(s)) return Math.fround(s);
  const back = s - a;
  const error = a - (s - back) + (b - back); // exact (Knuth's two-sum)
  if (error === 0) return Math.fround(s);
  double[0] = s;
  if ((bitsOfDouble[0] & 1n) === 0n) bitsOfDouble[0] += error > 0 === s > 0 ? 1n : -1n;
  return Math.fround(double[0]);
}

/** The definition of a product x w' in bfloat16: x [depth], w [depth]. */
export function referenceDot(x: ArrayLike<number>, w: ArrayLike<number>, method: Bfloat16Method): number {
  const padded = Math.ceil(x.length / BLOCK) * BLOCK;
  const at = (values: ArrayLike<number>, k: number): number => (k < values.length ? toBfloat16(values[k]) : 0);
  let sum = 0;
  if (method === "pairs" || method === "emulated-pairs") {
    for (let k = 0; k < padded; k += 2) sum = fused(at(x, k), at(w, k), fused(at(x, k + 1), at(w, k + 1), sum));
    return sum;
  }
  for (let begin = 0; begin < padded; begin += BLOCK) {
    let [first, second] = [0, 0];
    for (let k = begin; k < begin + BLOCK; k += 2) {
      first = fused(at(x, k), at(w, k), first);
      second = fused(at(x, k + 1), at(w, k + 1), second);
    }
    sum = flushed(rounded(sum, flushed(rounded(first, second))));
  }
  return sum;
}
