import type { Ops } from "../../ops/ops";
import type { StepNumbers } from "./step-numbers";

/** The part of a step that is known before its numbers are read. */
interface StepFacts {
  /** Counted from 1. */
  readonly step: number;
  /** Epochs done after the step, as a fraction. */
  readonly epoch: number;
  readonly learningRate: number;
  readonly tokens: number;
  /** Indices of its examples. */
  readonly batch: readonly number[];
}

/** A step that was sent to the device. */
export interface SentStep extends StepFacts {
  /** Time in milliseconds, by `performance.now`. */
  readonly startedAt: number;
  readonly numbers: StepNumbers;
}

/** A step with its numbers read. */
export interface ReadStep extends StepFacts {
  readonly loss: number;
  readonly gradNorm: number;
  /** Tokens per second of all steps that were read together. */
  readonly tokensPerSecond: number;
}

/** Throws if a step's numbers show that the run must stop. */
export type CheckStep = (step: Pick<ReadStep, "step" | "batch" | "loss" | "gradNorm">) => void;

/**
 * Steps that were sent to the device and are not reported yet. A GPU keeps computing while more steps are sent; only
 * reading waits for it. This object owns the steps' tensors.
 */
export class PendingSteps {
  readonly #ops: Ops;
  readonly #check: CheckStep;
  #sent: SentStep[] = [];

  /** @param check - checks numbers that were not checked before the update */
  constructor(ops: Ops, check: CheckStep) {
    this.#ops = ops;
    this.#check = check;
  }

  /** Takes over a step's tensors. */
  add(step: SentStep): void {
    this.#sent.push(step);
  }

  /**
   * Reads the numbers of all steps at once, if at least `every` were sent, and yields each step after its check, in
   * order.
   */
  async *read({ every }: { every: number }): AsyncGenerator<ReadStep, void, void> {
    const sent = this.#sent;
    if (sent.length === 0 || sent.length < every) return;
    const numbers = await this.#readNumbers();
    this.dispose();
    const seconds = (performance.now() - sent[0].startedAt) / 1000;
    const tokensPerSecond = sent.reduce((sum, { tokens }) => sum + tokens, 0) / seconds;
    for (const [i, { step, epoch, learningRate, tokens, batch, numbers: sentNumbers }] of sent.entries()) {
      const done = { step, epoch, learningRate, tokens, batch, ...numbers[i], tokensPerSecond };
      if (sentNumbers.kind === "on device") this.#check(done);
      yield done;
    }
  }

  dispose(): void {
    for (const { numbers } of this.#sent)
      if (numbers.kind !== "read") this.#ops.dispose(numbers.loss, numbers.gradNorm);
    this.#sent = [];
  }

  async #readNumbers(): Promise<readonly Pick<ReadStep, "loss" | "gradNorm">[]> {
    const tensors = this.#sent.flatMap(({ numbers }) =>
      numbers.kind === "read" ? [] : [numbers.loss, numbers.gradNorm],
    );
    const all = tensors.length === 0 ? undefined : this.#ops.concatRows(tensors);
    const values = all === undefined ? [] : [...(await this.#ops.read(all))];
    this.#ops.dispose(all);
    let next = 0;
    return this.#sent.map(({ numbers }) =>
      numbers.kind === "read"
        ? { loss: numbers.loss, gradNorm: numbers.gradNorm }
        : { loss: values[next++], gradNorm: values[next++] },
    );
  }
}
