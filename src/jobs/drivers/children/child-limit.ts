import { availableParallelism } from "node:os";

/** Share of the free memory that job processes may take. */
const SHARE = 0.8;

/**
 * The number of job processes at the same time: a fixed number, or one until the memory of the first job is known, and
 * then as many as memory and cores allow.
 */
export class ChildLimit {
  /** The most that can be: cores, or the fixed number. */
  readonly most: number;
  /** Threads of a process. It does not change, so that a job always computes with the same number. */
  readonly threads: number;
  readonly #fixed: boolean;
  readonly #freeMemory: () => number;
  #peak = 0;
  #now: number;

  constructor({
    workers,
    cores = availableParallelism(),
    freeMemory = () => process.availableMemory(),
  }: {
    readonly workers: number | undefined;
    readonly cores?: number;
    readonly freeMemory?: () => number;
  }) {
    this.#fixed = workers !== undefined;
    this.most = workers ?? cores;
    this.threads = Math.max(1, Math.floor(cores / this.most));
    this.#freeMemory = freeMemory;
    this.#now = this.#fixed ? this.most : 1;
  }

  /** Whether a process may be started beside `running` ones. */
  allows(running: number): boolean {
    if (running >= this.#now) return false;
    return this.#fixed || running === 0 || this.#freeMemory() * SHARE >= this.#peak;
  }

  /**
   * Takes the memory of a process into account, once it has seen its job.
   *
   * @param peak - the most bytes that it had
   * @param running - processes that run
   */
  measure(peak: number, running: number): void {
    if (this.#fixed || peak <= 0) return;
    this.#peak = Math.max(this.#peak, peak);
    const more = Math.floor((this.#freeMemory() * SHARE) / this.#peak);
    this.#now = Math.min(this.most, Math.max(1, this.#now, running + more));
  }
}
