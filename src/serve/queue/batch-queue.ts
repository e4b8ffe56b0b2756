import type { MixedDocument } from "../../classifier/mixed-predictor";

/** Computes the logits of a batch, row by row: [documents, labels]. */
export type ComputeBatch = (documents: readonly MixedDocument[]) => Promise<Float32Array>;

/** A text that waits or is computed. */
interface Entry extends MixedDocument {
  readonly resolve: (logits: Float32Array) => void;
  readonly reject: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Options of a {@link BatchQueue}. */
export interface BatchQueueOptions {
  /** Most tokens in one batch. A single text may have more. */
  readonly maxBatchTokens: number;
  /** Called for each batch before it is computed. */
  readonly onBatch?: (batch: { readonly texts: number; readonly tokens: number }) => void;
}

/**
 * A queue of texts, first come, first served. While a batch is computed texts gather; the next batch takes as many as
 * fit its tokens, of whatever adapters.
 */
export class BatchQueue {
  readonly #compute: ComputeBatch;
  readonly #options: BatchQueueOptions;
  #waiting: Entry[] = [];
  #running: readonly Entry[] = [];

  constructor(compute: ComputeBatch, options: BatchQueueOptions) {
    this.#compute = compute;
    this.#options = options;
  }

  /** Number of texts that wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Logits of each document, in their order.
   *
   * @param signal - takes documents that still wait out of the queue, and rejects with its reason
   */
  async add(documents: readonly MixedDocument[], signal: AbortSignal): Promise<Float32Array[]> {
    signal.throwIfAborted();
    const results = documents.map(
      (document) =>
        new Promise<Float32Array>((resolve, reject) => this.#waiting.push({ ...document, resolve, reject, signal })),
    );
    const leave = (): void => this.#takeOut(signal);
    signal.addEventListener("abort", leave, { once: true });
    this.#next();
    try {
      return await Promise.all(results);
    } catch (error) {
      await Promise.allSettled(results); // each rejection is handled
      throw error;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  #takeOut(signal: AbortSignal): void {
    for (const entry of [...this.#waiting, ...this.#running]) if (entry.signal === signal) entry.reject(signal.reason);
    this.#waiting = this.#waiting.filter((entry) => entry.signal !== signal);
  }

  #next(): void {
    if (this.#running.length > 0 || this.#waiting.length === 0) return;
    const batch = this.#takeBatch();
    this.#running = batch;
    void this.#run(batch).finally(() => {
      this.#running = [];
      this.#next();
    });
  }

  #takeBatch(): Entry[] {
    let tokens = 0;
    let count = 0;
    for (const { document } of this.#waiting) {
      if (count > 0 && tokens + document.ids.length > this.#options.maxBatchTokens) break;
      tokens += document.ids.length;
      count++;
    }
    this.#options.onBatch?.({ texts: count, tokens });
    return this.#waiting.splice(0, count);
  }

  async #run(batch: readonly Entry[]): Promise<void> {
    try {
      const logits = await this.#compute(batch.map(({ document, adapter }) => ({ document, adapter })));
      const width = logits.length / batch.length;
      batch.forEach(({ resolve }, i) => resolve(logits.slice(i * width, (i + 1) * width)));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }
}
