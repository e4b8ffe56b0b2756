/** A number that was written as a float, such as 2.0, 1e5 or nan: it stays a float even if its value is whole. */
export class FloatValue {
  readonly value: number;
  /** Whether it was written as a number that no double is near: 1e400, or 1e-400 for another one than 0. */
  readonly outOfRange: boolean;

  constructor(value: number, outOfRange = false) {
    this.value = value;
    this.outOfRange = outOfRange;
  }
}

/** A tuple of Python. */
export class TupleValue {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

/** A text that can be read in several ways, the preferred one first. The declared type chooses. */
export class Readings {
  readonly of: readonly unknown[];

  constructor(of: readonly unknown[]) {
    this.of = of;
  }
}

/** A decimal number as a float, correctly rounded. */
export function floatValue(text: string): FloatValue {
  const value = Number(text);
  const mantissa = text.split(/e/i)[0];
  return new FloatValue(value, !Number.isFinite(value) || (value === 0 && /[1-9]/.test(mantissa)));
}
