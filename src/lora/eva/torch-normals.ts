/**
 * PyTorch's normal random numbers on the processor (`torch.manual_seed`, `torch.randn`): the Mersenne Twister MT19937
 * (Matsumoto and Nishimura, 1998) and Box and Muller's transformation (1958). peft's EVA draws the first basis of its
 * approximate SVD so; with the same basis, both find the same directions.
 */
export class TorchNormals {
  readonly #state = new Uint32Array(624);
  #next = 624;

  /** @param seed - from 0 to 2^32 - 1 */
  constructor(seed: number) {
    this.#state[0] = seed;
    for (let i = 1; i < 624; i++) {
      const before = this.#state[i - 1] ^ (this.#state[i - 1] >>> 30);
      this.#state[i] = Math.imul(1812433253, before) + i;
    }
  }

  /** `torch.randn(count)` in single or double precision. */
  draw(count: number, precision: "float32" | "float64"): Float64Array {
    const single = precision === "float32";
    if (count < 16) return this.#drawFew(count, single);
    const values = Float64Array.from({ length: count }, () => this.#uniform(single));
    for (let i = 0; i + 16 <= count; i += 16) transform(values.subarray(i, i + 16), single);
    if (count % 16 === 0) return values;
    const last = values.subarray(count - 16); // these are drawn again
    for (let i = 0; i < 16; i++) last[i] = this.#uniform(single);
    transform(last, single);
    return values;
  }

  /** Fewer than 16 numbers are drawn in pairs, in double precision. */
  #drawFew(count: number, single: boolean): Float64Array {
    const values = new Float64Array(count);
    for (let i = 0; i < count; i += 2) {
      const [angle, u] = [2 * Math.PI * this.#uniform(false), this.#uniform(false)];
      const radius = Math.sqrt(-2 * Math.log1p(-u));
      values[i] = radius * Math.cos(angle);
      if (i + 1 < count) values[i + 1] = radius * Math.sin(angle);
    }
    return single ? values.map(Math.fround) : values;
  }

  /** A number in [0, 1). */
  #uniform(single: boolean): number {
    if (single) return (this.#bits() & 0xffffff) / 2 ** 24;
    const [high, low] = [this.#bits(), this.#bits()];
    return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53;
  }

  /** 32 random bits. */
  #bits(): number {
    if (this.#next === 624) this.#twist();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  #twist(): void {
    const state = this.#state;
    for (let i = 0; i < 624; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
      state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

/** Makes 16 uniform numbers normal, in place. */
function transform(values: Float64Array, single: boolean): void {
  const round = single ? Math.fround : (x: number): number => x;
  for (let i = 0; i < 8; i++) {
    const radius = round(Math.sqrt(-2 * round(Math.log(1 - values[i]))));
    const angle = round(2 * Math.PI * values[i + 8]);
    values[i] = round(radius * round(Math.cos(angle)));
    values[i + 8] = round(radius * round(Math.sin(angle)));
  }
}
