import { MersenneTwister } from "../../../base/mersenne-twister";

/**
 * The part of NumPy's legacy `RandomState` that Optuna's samplers use. It counts its draws, so that a run can resume.
 */
export class NumpyRandomState {
  readonly #bits: MersenneTwister;
  #draws = 0;

  /**
   * @param seed - a whole number in [0, 2^32)
   * @param draws - numbers that an earlier run has drawn
   */
  constructor(seed: number, draws = 0) {
    this.#bits = new MersenneTwister(seed);
    while (this.#draws < draws) this.random();
  }

  /** Numbers drawn so far. */
  get draws(): number {
    return this.#draws;
  }

  /** `random_sample()`: uniform in [0, 1), of 53 bits. */
  random(): number {
    this.#draws++;
    const high = this.#bits.uint32() >>> 5;
    return (high * 67108864 + (this.#bits.uint32() >>> 6)) / 9007199254740992;
  }

  /** `uniform(low, high)`. */
  uniform(low: number, high: number): number {
    return low + (high - low) * this.random();
  }

  /** `choice(len(weights), p=weights, size=size)`. */
  choice(weights: readonly number[], size: number): number[] {
    let sum = 0;
    const sums = weights.map((weight) => (sum += weight));
    return Array.from({ length: size }, () => {
      const drawn = this.random();
      const found = sums.findIndex((one) => one / sum > drawn);
      return found < 0 ? weights.length - 1 : found;
    });
  }
}
