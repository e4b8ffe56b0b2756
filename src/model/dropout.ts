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

  /** The next mask: 0 where dropped, else 1. */
  keep(ops: Ops, shape: readonly number[], rate: number): Tensor {
    return ops.keepMask(shape, rate, [this.#seed, this.#draws++]);
  }

  /** The next mask: 0 or 1 / (1 - rate). */
  mask(ops: Ops, shape: readonly number[], rate: number): Tensor {
    return ops.tidy(() => ops.scale(this.keep(ops, shape, rate), 1 / (1 - rate)));
  }
}

/** x under a dropout mask; without a source (evaluation) or at rate 0, x itself and no mask. */
export function applyDropout(x: Tensor, options: { ops: Ops; source: DropoutSource | undefined; rate: number }): { y: Tensor; mask?: Tensor } {
  const { ops, source, rate } = options;
  if (source === undefined || rate === 0) return { y: x };
  const mask = source.mask(ops, x.shape, rate);
  return { y: ops.mul(x, mask), mask };
}

/**
 * Dropout whose factor is left to the caller: y is x where it is kept, else 0, and `factor`, 1 / (1 - rate), is due where
 * it costs least. Without a source or at rate 0, x itself, 1 and no mask.
 */
export function applyUnscaledDropout(x: Tensor, options: { ops: Ops; source: DropoutSource | undefined; rate: number }): { y: Tensor; keep?: Tensor; factor: number } {
  const { ops, source, rate } = options;
  if (source === undefined || rate === 0) return { y: x, factor: 1 };
  const keep = source.keep(ops, x.shape, rate);
  return { y: ops.mul(x, keep), keep, factor: 1 / (1 - rate) };
}
