/**
 * Counts evaluations in a row that did not improve the metric, as transformers' `EarlyStoppingCallback`: one counts
 * as better when it beats the best so far by more than the threshold.
 */
export class EarlyStopping {
  readonly #patience: number | undefined;
  readonly #threshold: number;
  #count: number;

  /** @param options.count - evaluations without improvement before, from a checkpoint */
  constructor(options: { patience: number | undefined; threshold: number; count?: number }) {
    this.#patience = options.patience;
    this.#threshold = options.threshold;
    this.#count = options.count ?? 0;
  }

  get count(): number {
    return this.#count;
  }

  /** Whether patience is at its end. */
  get due(): boolean {
    return this.#patience !== undefined && this.#count >= this.#patience;
  }

  /** Takes an evaluation; `best` is the best before it. */
  take(value: number, { best, greaterIsBetter }: { best: number | undefined; greaterIsBetter: boolean }): void {
    const gain = best === undefined ? Infinity : greaterIsBetter ? value - best : best - value;
    this.#count = gain > 0 && gain > this.#threshold ? 0 : this.#count + 1;
  }
}
