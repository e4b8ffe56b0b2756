const N = 624;
const M = 397;

/**
 * The part of NumPy's legacy `RandomState` that scikit-learn's splits use: the Mersenne Twister MT19937 (Matsumoto and
 * Nishimura, 1998), seeded with a whole number like `init_genrand`, and `permutation` over its 32-bit numbers.
 */
export class NumpyRandom {
  readonly #state = new Uint32Array(N);
  #next = N;

  /** @param seed - a whole number in [0, 2^32) */
  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < N; i++) {
      const previous = this.#state[i - 1] ^ (this.#state[i - 1] >>> 30);
      this.#state[i] = Math.imul(previous, 1812433253) + i;
    }
  }

  /** The next 32 bits, tempered. */
  uint32(): number {
    if (this.#next === N) this.#twist();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
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

  #twist(): void {
    const s = this.#state;
    for (let i = 0; i < N; i++) {
      const y = (s[i] & 0x80000000) | (s[(i + 1) % N] & 0x7fffffff);
      s[i] = s[(i + M) % N] ^ (y >>> 1) ^ ((y & 1) * 0x9908b0df);
    }
    this.#next = 0;
  }
}
