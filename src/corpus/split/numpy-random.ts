import { MersenneTwister } from "../../base/mersenne-twister";

/**
 * The part of NumPy's legacy `RandomState` that scikit-learn's splits use: the Mersenne Twister, and
 * `permutation` over its 32-bit numbers.
 */
export class NumpyRandom {
  readonly #bits: MersenneTwister;

  /** @param seed - a whole number in [0, 2^32) */
  constructor(seed: number) {
    this.#bits = new MersenneTwister(seed);
  }

  /** The next 32 bits. */
  uint32(): number {
    return this.#bits.uint32();
  }

  /** A whole number in [0, max], by NumPy's masked rejection: draws again until a number fits. */
  interval(max: number): number {
    if (max === 0) return 0;
    const mask = 2 ** (32 - Math.clz32(max)) - 1;
    for (;;) {
      const value = (this.uint32() & mask) >>> 0;
      if (value <= max) return value;
    }
  }

  /** `RandomState.permutation(items)`: a shuffled copy. */
  permutation<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.interval(i);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  }

  /** `RandomState.choice(items, size, replace=False)`. */
  choice<T>(items: readonly T[], size: number): T[] {
    return this.permutation(items).slice(0, size);
  }
}
