import type { Drop, DropoutSaved, Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";

/**
 * Source of a training run's dropout draws: one seed and a counter. Checkpoints save the counter, so a resumed run
 * draws the same masks as an uninterrupted one.
 */
export class DropoutSource {
  readonly #seed: number;
  #draws: number;

  /** @param draws - number of earlier draws */
  constructor(seed: number, draws = 0) {
    this.#seed = seed | 0;
    this.#draws = draws;
  }

  get draws(): number {
    return this.#draws;
  }

  /** The next draw; undefined at rate 0. */
  next(rate: number): Drop | undefined {
    return rate === 0 ? undefined : { rate, seed: [this.#seed, this.#draws++] };
  }
}

/** Applies dropout to x. Without a source (evaluation) or at rate 0, returns x itself and saves nothing. */
export function applyDropout(
  x: Tensor,
  options: { ops: Ops; source: DropoutSource | undefined; rate: number },
): { y: Tensor; saved?: DropoutSaved } {
  const { ops, source, rate } = options;
  const drop = source?.next(rate);
  return drop === undefined ? { y: x } : ops.dropout(x, drop);
}

/** The gradient of {@link applyDropout}'s input. */
export function dropoutBackward(dy: Tensor, { ops, saved }: { ops: Ops; saved: DropoutSaved | undefined }): Tensor {
  return saved === undefined ? dy : ops.dropoutBackward(dy, saved);
}
