import type { Ops } from "../device/ops";
import type { Tensor } from "../device/tensor";

/**
 * Where a training run's dropout masks come from: a count of the draws under one seed, so that a run that goes on
 * from a checkpoint (which keeps the count) draws what the run that was never stopped would have drawn.
 */
export class DropoutSource {
  readonly #seed: number;
  #draws: number;

  /** @param draws - how many masks were drawn before */
  constructor(seed: number, draws = 0) {
    this.#seed = seed | 0;
    this.#draws = draws;
  }

  get draws(): number {
    return this.#draws;
  }

  /** The next mask: 0 or 1 / (1 - rate). */
  mask(ops: Ops, shape: readonly number[], rate: number): Tensor {
    return ops.dropoutMask(shape, rate, [this.#seed, this.#draws++]);
  }
}

/** x under a dropout mask; without a source (evaluation) or at rate 0, x itself and no mask. */
export function applyDropout(x: Tensor, options: { ops: Ops; source: DropoutSource | undefined; rate: number }): { y: Tensor; mask?: Tensor } {
  const { ops, source, rate } = options;
  if (source === undefined || rate === 0) return { y: x };
  const mask = source.mask(ops, x.shape, rate);
  return { y: ops.mul(x, mask), mask };
}
