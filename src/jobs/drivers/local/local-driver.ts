import { codeVersion } from "../../contract/code-version";
import type { JobDocument } from "../../contract/job-document";
import type { JobState } from "../../contract/job-state";
import { JOB_TYPE_CODE, type JobTypes } from "../../contract/job-types";
import type { JobStore } from "../../store/job-store";
import { ChildPool } from "../children/child-pool";
import { runAttempts } from "../children/run-attempts";
import type { JobDriver, JobOutcome, RunJobOptions } from "../job-driver";
import { outlastOutage } from "../outage";
import { foldersOfInputs, manifestIfDone, prepareJob } from "../prepare-job";

/** Options of a {@link LocalDriver}. */
export interface LocalDriverOptions {
  readonly store: JobStore;
  /** Job processes at the same time. @default as many as memory and cores allow */
  readonly workers?: number;
  /** For tests: the types of jobs, and the module that serves them in a child process. */
  readonly code?: { readonly types: JobTypes; readonly entry: string };
}

/** Runs jobs in child processes of this one. */
export class LocalDriver implements JobDriver {
  readonly name = "local";
  readonly #store: JobStore;
  readonly #types: JobTypes;
  readonly #pool: ChildPool;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<unknown>>();

  constructor({ store, workers, code }: LocalDriverOptions) {
    this.#store = store;
    this.#types = code?.types ?? JOB_TYPE_CODE;
    this.#pool = new ChildPool({ store, workers, entry: code?.entry });
  }

  get capacity(): number {
    return this.#pool.capacity;
  }

  /** Ids of the child processes. */
  get pids(): readonly number[] {
    return this.#pool.pids;
  }

  run(document: JobDocument, options: RunJobOptions = {}): Promise<JobOutcome> {
    const run = this.#run(document, options);
    this.#running.add(run);
    const forget = (): void => void this.#running.delete(run);
    run.then(forget, forget);
    return run;
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.allSettled(this.#running);
    await this.#pool.close();
  }

  async #run(document: JobDocument, { signal, onEvent = () => undefined }: RunJobOptions): Promise<JobOutcome> {
    const store = this.#store;
    const code = await codeVersion();
    const stopped = AbortSignal.any([this.#closing.signal, ...(signal === undefined ? [] : [signal])]);
    const prepare = (): Promise<JobState> => prepareJob(document, { store, types: this.#types, code });
    const state = await outlastOutage(prepare, { signal: stopped });
    const job = document.name;
    if (state.kind === "done") return { type: "done", job, manifest: state.manifest, reused: true };
    await outlastOutage(() => store.forget(job), { signal: stopped });
    return runAttempts(document, {
      pool: this.#pool,
      inputFolders: foldersOfInputs(document), // the document comes from this process
      signal: stopped,
      onEvent,
      isDone: () => manifestIfDone(document, { store, code }),
      why: state.why,
    });
  }
}
