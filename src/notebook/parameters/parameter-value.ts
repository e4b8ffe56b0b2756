/** A number that was written as a float, such as 2.0, 1e5 or nan. It stays a float even if its value is whole. */
export class FloatValue {
  readonly value: number;
  /** Whether the number overflows or underflows a double, as 1e400 and 1e-400 do. */
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
