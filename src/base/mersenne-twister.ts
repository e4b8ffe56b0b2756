const N = 624;
const M = 397;

/**
 * The Mersenne Twister MT19937 (Matsumoto and Nishimura, 1998), seeded like `init_genrand`: the random bits of NumPy's
 * legacy `RandomState` and of PyTorch on the processor.
 */
export class MersenneTwister {
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

  #twist(): void {
    const s = this.#state;
    for (let i = 0; i < N; i++) {
      const y = (s[i] & 0x80000000) | (s[(i + 1) % N] & 0x7fffffff);
      s[i] = s[(i + M) % N] ^ (y >>> 1) ^ ((y & 1) * 0x9908b0df);
    }
    this.#next = 0;
  }
}
