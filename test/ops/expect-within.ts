import assert from "node:assert/strict";

import type { Bounded } from "./bounded-tensor";

/** No numbers: for a name that must be there. */
export const NOTHING: Bounded = { values: new Float64Array(), bounds: new Float64Array() };

/** The share of a number that is lost when it is written in seven digits, as golden files have them. */
export const SEVEN_DIGITS = 0.5e-6;

/** Options of {@link expectWithin}. */
export interface ExpectWithinOptions {
  /** Names the numbers in the message. */
  readonly what: string;
  /**
   * The size that numbers may have here, such as the largest gradient of a model. @default the largest of the numbers
   */
  readonly scale?: number;
  /** The share of a number that its storage rounds away. @default that of a 32-bit float */
  readonly storage?: number;
  /** The widest bound that still tests something, as a share of `scale`. @default 0.01 */
  readonly loosest?: number;
}

/**
 * Asserts that an implementation's numbers lie within the bounds of 32-bit arithmetic around those of `referenceOps`,
 * and that the bounds are tight enough to test something.
 *
 * @param found - an implementation's numbers
 * @param reference - the same in double precision, with bounds
 */
export function expectWithin(
  found: ArrayLike<number>,
  { values, bounds }: Bounded,
  { what, scale, storage = 2 ** -24, loosest = 0.01 }: ExpectWithinOptions,
): void {
  assert.equal(found.length, values.length, what);
  const size = scale ?? values.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  for (let i = 0; i < values.length; i++) {
    const [value, bound] = [values[i], bounds[i]];
    assert.ok(
      bound <= 1e-30 || loosest === Infinity || bound <= loosest * size,
      `${what}, value ${i}: the bound ${bound} tests nothing beside ${size}`,
    );
    assert.ok(
      Math.abs(found[i] - value) <= bound + storage * Math.abs(value),
      `${what}, value ${i} must be ${value} within ${bound}; got ${found[i]}`,
    );
  }
}
