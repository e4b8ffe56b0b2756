import type { MixedDocument } from "../../classifier/mixed-predictor";

/** Computes the logits of a batch: [documents, labels]. */
export type ComputeBatch = (documents: readonly MixedDocument[]) => Promise<Float32Array>;

/** A text that waits or is being computed. */
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
 * A queue of texts, first come, first served. Texts gather while a batch is computed; the next batch takes as many of
 * them as its token limit allows, whatever their adapters are.
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
   * Adds documents to the queue, and resolves with the logits of each, in their order.
   *
   * @param signal - removes documents that still wait from the queue; the result is rejected with its reason
   */
  async add(documents: readonly MixedDocument[], signal: AbortSignal): Promise<Float32Array[]> {
    signal.throwIfAborted();
    const results = documents.map(
      (document) =>
        new Promise<Float32Array>((resolve, reject) => this.#waiting.push({ ...document, resolve, reject, signal })),
    );
    const onAbort = (): void => this.#removeEntries(signal);
    signal.addEventListener("abort", onAbort, { once: true });
    this.#next();
    try {
      return await Promise.all(results);
    } catch (error) {
      await Promise.allSettled(results); // each rejection is handled
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #removeEntries(signal: AbortSignal): void {
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
