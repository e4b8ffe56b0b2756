import { join } from "node:path";

import { TsloraError } from "../../../base/tslora-error";
import type { JobDocument } from "../../contract/job-document";
import type { JobManifest } from "../../contract/job-manifest";
import type { JobProgress } from "../../contract/job-type";
import type { JobStore } from "../../store/job-store";
import { ChildLimit } from "./child-limit";
import { JobProcess, type ProcessOutcome } from "./job-process";

/** Share of a job after which its memory counts as known. */
const SEEN = 0.1;

/** Options of a {@link ChildPool}. */
export interface ChildPoolOptions {
  readonly store: JobStore;
  /** Job processes at the same time. @default as many as memory and cores allow */
  readonly workers?: number;
  /** Cores that the processes share. @default those of this machine */
  readonly cores?: number;
  /** The compiled module that the processes run; for tests. @default the job types of tslora */
  readonly entry?: string;
}

/** Options of one run of a job. */
export interface PoolRunOptions {
  /** Folders outside the store in which inputs may be. */
  readonly inputFolders: readonly string[];
  readonly signal: AbortSignal;
  /** The job has a process. @param worker - describes it */
  readonly onStart: (worker: string) => void;
  readonly onProgress: (progress: JobProgress) => void;
  /** The job's manifest, if it is done meanwhile. */
  readonly isDone: () => Promise<JobManifest | undefined>;
}

type Waiter = (child: JobProcess | undefined) => void;

/** Child processes that run jobs, a job each at a time. */
export class ChildPool {
  readonly #store: JobStore;
  readonly #entry: string;
  readonly #limit: ChildLimit;
  readonly #idle: JobProcess[] = [];
  readonly #busy = new Set<JobProcess>();
  readonly #waiting: Waiter[] = [];
  #closed = false;

  constructor({ store, workers, cores, entry = join(__dirname, "job-worker.js") }: ChildPoolOptions) {
    this.#store = store;
    this.#entry = entry;
    this.#limit = new ChildLimit({ workers, cores });
  }

  /** The most jobs at the same time. */
  get capacity(): number {
    return this.#limit.most;
  }

  /** Ids of the processes. */
  get pids(): readonly number[] {
    return [...this.#busy, ...this.#idle].flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  /** Runs a job once, as soon as a process is free and no other worker has the job. */
  async run(document: JobDocument, options: PoolRunOptions): Promise<ProcessOutcome> {
    const child = await this.#take(options.signal);
    if (child === undefined) return { kind: "stopped" };
    try {
      return await this.#runIn(child, { document, ...options });
    } catch (error) {
      // the store does not take the claim: a failure of this attempt, as if the child could not write
      const code = error instanceof TsloraError ? error.code : undefined;
      return { kind: "failed", code, message: error instanceof Error ? error.message : String(error) };
    } finally {
      this.#giveBack(child);
    }
  }

  /** Ends all processes. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiter of this.#waiting.splice(0)) waiter(undefined);
    await Promise.all([...this.#busy, ...this.#idle.splice(0)].map((child) => child.close()));
  }

  async #runIn(
    child: JobProcess,
    { document, inputFolders, signal, onStart, onProgress, isDone }: PoolRunOptions & { document: JobDocument },
  ): Promise<ProcessOutcome> {
    let done: JobManifest | undefined;
    const claim = await this.#store
      .claim(document.name, {
        processes: [process.pid, child.pid ?? process.pid],
        signal,
        until: async () => (done = await isDone()) !== undefined,
      })
      .catch((error: unknown) => {
        if (signal.aborted) return "stopped" as const;
        throw error;
      });
    if (claim === "stopped") return { kind: "stopped" };
    if (claim === undefined || done !== undefined)
      return done === undefined ? { kind: "stopped" } : { kind: "done", manifest: done, reused: true };
    const kill = (): void => child.kill();
    claim.lost.addEventListener("abort", kill);
    try {
      onStart(`process ${child.pid}`);
      return await child.run(document, {
        ...{ store: this.#store.place, inputFolders, signal },
        onProgress: (progress) => {
          onProgress(progress);
          if (progress.total !== undefined && progress.done >= SEEN * progress.total) this.#measure(child);
        },
      });
    } finally {
      claim.lost.removeEventListener("abort", kill);
      await claim.release();
    }
  }

  /** A free process; undefined if the signal or the pool's end came first. */
  #take(signal: AbortSignal): Promise<JobProcess | undefined> {
    return new Promise((resolve) => {
      const waiter: Waiter = (child) => {
        signal.removeEventListener("abort", leave);
        resolve(child);
      };
      const leave = (): void => {
        const at = this.#waiting.indexOf(waiter);
        if (at >= 0) this.#waiting.splice(at, 1);
        waiter(undefined);
      };
      if (signal.aborted || this.#closed) return resolve(undefined);
      signal.addEventListener("abort", leave);
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  #giveBack(child: JobProcess): void {
    this.#measure(child);
    this.#busy.delete(child);
    if (child.isRunning && !this.#closed) this.#idle.push(child);
    this.#serve();
  }

  #measure(child: JobProcess): void {
    this.#limit.measure(child.peak, this.#busy.size);
    this.#serve();
  }

  /** Gives processes to those that wait, as far as the limit allows. */
  #serve(): void {
    while (this.#waiting.length > 0 && !this.#closed && this.#limit.allows(this.#busy.size)) {
      const free = this.#idle.splice(0).filter(({ isRunning }) => isRunning);
      const child = free.pop() ?? new JobProcess({ entry: this.#entry, threads: this.#limit.threads });
      this.#idle.push(...free);
      this.#busy.add(child);
      this.#waiting.shift()?.(child);
    }
  }
}
