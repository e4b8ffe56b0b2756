/**
 * Counts consecutive evaluations that did not improve the metric, as transformers' `EarlyStoppingCallback`. An
 * evaluation is an improvement if it exceeds the best so far by more than the threshold.
 */
export class EarlyStopping {
  readonly #patience: number | undefined;
  readonly #threshold: number;
  #count: number;

  /** @param options.count - earlier evaluations without improvement, from a checkpoint */
  constructor(options: { patience: number | undefined; threshold: number; count?: number }) {
    this.#patience = options.patience;
    this.#threshold = options.threshold;
    this.#count = options.count ?? 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether patience is exhausted. */
  get isExhausted(): boolean {
    return this.#patience !== undefined && this.#count >= this.#patience;
  }

  /** Counts an evaluation. `best` is the best value before it. */
  take(value: number, { best, greaterIsBetter }: { best: number | undefined; greaterIsBetter: boolean }): void {
    const gain = best === undefined ? Infinity : greaterIsBetter ? value - best : best - value;
    this.#count = gain > 0 && gain > this.#threshold ? 0 : this.#count + 1;
  }
}
