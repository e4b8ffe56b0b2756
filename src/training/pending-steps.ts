import type { Ops } from "../ops/ops";
import type { Tensor } from "../ops/tensor";

/** Facts of a step that are known when it is sent to the device. */
export interface SentStep {
  readonly step: number;
  readonly epoch: number;
  readonly learningRate: number;
  readonly tokens: number;
  /** Indices of its examples. */
  readonly batch: readonly number[];
}

/** A step with its numbers read. */
export interface ReadStep extends SentStep {
  readonly loss: number;
  readonly gradNorm: number;
  /** Tokens per second of all steps that were read together. */
  readonly tokensPerSecond: number;
}

/**
 * Steps whose loss and gradient norm still lie on the device: a GPU works on while the next are sent, and is waited
 * for once in so many steps. Owner of their tensors.
 */
export class PendingSteps {
  readonly #ops: Ops;
  #sent: { step: SentStep; loss: Tensor; gradNorm: Tensor }[] = [];
  #since = performance.now();

  constructor(ops: Ops) {
    this.#ops = ops;
  }

  get count(): number {
    return this.#sent.length;
  }

  /** Takes over two tensors of one number each. */
  add(step: SentStep, numbers: { loss: Tensor; gradNorm: Tensor }): void {
    if (this.#sent.length === 0) this.#since = performance.now();
    this.#sent.push({ step, ...numbers });
  }

  /** Waits for the device and reads all at once, in the order of the steps. */
  async read(): Promise<readonly ReadStep[]> {
    const sent = this.#sent;
    if (sent.length === 0) return [];
    const all = this.#ops.concatRows(sent.flatMap(({ loss, gradNorm }) => [loss, gradNorm]));
    const numbers = await this.#ops.read(all);
    this.#ops.dispose(all);
    this.dispose();
    const tokens = sent.reduce((sum, { step }) => sum + step.tokens, 0);
    const tokensPerSecond = tokens / ((performance.now() - this.#since) / 1000);
    this.#since = performance.now();
    return sent.map(({ step }, i) => ({
      ...step,
      loss: numbers[2 * i],
      gradNorm: numbers[2 * i + 1],
      tokensPerSecond,
    }));
  }

  dispose(): void {
    for (const { loss, gradNorm } of this.#sent) this.#ops.dispose(loss, gradNorm);
    this.#sent = [];
  }
}
