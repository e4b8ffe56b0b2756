import { MersenneTwister } from "../../base/mersenne-twister";

/**
 * PyTorch's normal random numbers on the processor (`torch.manual_seed`, `torch.randn`): the Mersenne Twister and Box
 * and Muller's transformation (1958). peft's EVA draws the first basis of its approximate SVD with them; with the same
 * basis, tslora finds the same directions.
 */
export class TorchNormals {
  readonly #bits: MersenneTwister;

  /** @param seed - from 0 to 2^32 - 1 */
  constructor(seed: number) {
    this.#bits = new MersenneTwister(seed);
  }

  /** `torch.randn(count)` in single or double precision. */
  draw(count: number, precision: "float32" | "float64"): Float64Array {
    const single = precision === "float32";
    if (count < 16) return this.#drawFew(count, single);
    const values = Float64Array.from({ length: count }, () => this.#uniform(single));
    for (let i = 0; i + 16 <= count; i += 16) transform(values.subarray(i, i + 16), single);
    if (count % 16 === 0) return values;
    const last = values.subarray(count - 16); // PyTorch draws the last 16 again
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
    if (single) return (this.#bits.uint32() & 0xffffff) / 2 ** 24;
    const [high, low] = [this.#bits.uint32(), this.#bits.uint32()];
    return ((high & 0x1fffff) * 2 ** 32 + low) / 2 ** 53;
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
