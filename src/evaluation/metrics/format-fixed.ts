const bits = new DataView(new ArrayBuffer(8));

/**
 * A number with `digits` decimals as Python's `format(x, ".2f")` writes it: rounds the double's exact value, ties to
 * even. `toFixed` rounds exact ties away from zero (0.125 gives 0.13 there, 0.12 here), and uses exponents from 1e21
 * on.
 *
 * @param digits - decimals, 0 or more
 */
export function formatFixed(x: number, digits: number): string {
  if (Number.isNaN(x)) return "nan";
  const sign = x < 0 || Object.is(x, -0) ? "-" : "";
  if (!Number.isFinite(x)) return `${sign}inf`;
  const { mantissa, exponent } = decompose(Math.abs(x));
  const scaled = mantissa * 10n ** BigInt(digits); // |x| * 10^digits = scaled * 2^exponent
  const rounded = exponent >= 0 ? scaled << BigInt(exponent) : divideHalfEven(scaled, BigInt(-exponent));
  const text = rounded.toString().padStart(digits + 1, "0");
  return digits === 0 ? sign + text : `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** A finite double of at least 0 as mantissa * 2^exponent, exactly. */
function decompose(x: number): { mantissa: bigint; exponent: number } {
  bits.setFloat64(0, x);
  const word = bits.getBigUint64(0);
  const biased = Number(word >> 52n);
  const fraction = word & ((1n << 52n) - 1n);
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** value / 2^shift, rounded to the nearest whole number, ties to even. */
function divideHalfEven(value: bigint, shift: bigint): bigint {
  const quotient = value >> shift;
  const twice = (value - (quotient << shift)) << 1n;
  const one = 1n << shift;
  return twice > one || (twice === one && (quotient & 1n) === 1n) ? quotient + 1n : quotient;
}
