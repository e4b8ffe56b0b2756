import type { Drop, DropoutSaved, Ops } from "../../ops/ops";
import type { Tensor } from "../../ops/tensor";

/**
 * Source of a training run's draws for dropout: a count of them under one seed. Checkpoints keep the count, so that a
 * resumed run draws what the run would have drawn without a stop.
 */
export class DropoutSource {
  readonly #seed: number;
  #draws: number;

  /** @param draws - how many there were before */
  constructor(seed: number, draws = 0) {
    this.#seed = seed | 0;
    this.#draws = draws;
  }

  get draws(): number {
    return this.#draws;
  }

  /** The next draw; none at rate 0. */
  next(rate: number): Drop | undefined {
    return rate === 0 ? undefined : { rate, seed: [this.#seed, this.#draws++] };
  }
}

/** x under dropout; without a source (evaluation) or at rate 0, x itself and nothing saved. */
export function applyDropout(
  x: Tensor,
  options: { ops: Ops; source: DropoutSource | undefined; rate: number },
): { y: Tensor; saved?: DropoutSaved } {
  const { ops, source, rate } = options;
  const drop = source?.next(rate);
  return drop === undefined ? { y: x } : ops.dropout(x, drop);
}

/** The gradient for what {@link applyDropout} was given. */
export function dropoutBackward(dy: Tensor, { ops, saved }: { ops: Ops; saved: DropoutSaved | undefined }): Tensor {
  return saved === undefined ? dy : ops.dropoutBackward(dy, saved);
}
