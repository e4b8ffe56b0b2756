import { availableParallelism } from "node:os";

import { TsloraError } from "../base/tslora-error";
import { checkSettings } from "./contract/check-document";
import { codeVersion } from "./contract/code-version";
import type { JobDocument } from "./contract/job-document";
import { jobState } from "./contract/job-state";
import { JOB_TYPE_CODE, type JobTypes } from "./contract/job-types";
import { ChildPool } from "./drivers/children/child-pool";
import { runAttempts } from "./drivers/children/run-attempts";
import type { JobEvent, JobOutcome } from "./drivers/job-driver";
import { manifestIfDone } from "./drivers/prepare-job";
import { watchForStop } from "./drivers/watch-for-stop";
import type { JobStore } from "./store/job-store";

/** Options of {@link runStoredJob}. */
export interface RunStoredJobOptions {
  readonly store: JobStore;
  /** Folders outside the store from which the job may read. @default none */
  readonly inputFolders?: readonly string[];
  /** Stops the job at its next checkpoint. */
  readonly signal: AbortSignal;
  readonly onEvent?: (event: JobEvent) => void;
  /** For tests: the types of jobs, and the module that serves them in a child process. */
  readonly code?: { readonly types: JobTypes; readonly entry: string };
}

/**
 * Runs a job of a store in a child process, as a task of a SLURM array does. A job that fails three times leaves a file
 * in the store's `failures/`, for the driver that waits for it.
 *
 * @throws TsloraError `not-found` or `bad-input` if its document is missing or not valid
 */
export async function runStoredJob(name: string, options: RunStoredJobOptions): Promise<JobOutcome> {
  const { store, inputFolders = [], onEvent = () => undefined } = options;
  const code = await codeVersion();
  const document = await readChecked(name, options);
  const state = await jobState(document, { store, code });
  if (state.kind === "done") return { type: "done", job: name, manifest: state.manifest, reused: true };
  const stop = watchForStop(store, name);
  const threads = Number(process.env.SLURM_CPUS_PER_TASK) || availableParallelism();
  const pool = new ChildPool({ store, workers: 1, cores: threads, entry: options.code?.entry });
  try {
    const outcome = await runAttempts(document, {
      ...{ pool, inputFolders, onEvent, why: state.why },
      signal: AbortSignal.any([options.signal, stop.signal]),
      isDone: () => manifestIfDone(document, { store, code }),
    });
    if (outcome.type === "failed") await store.writeFailure(name, outcome);
    return outcome;
  } finally {
    stop.end();
    await pool.close();
  }
}

/** Reads and checks a document. One that is not valid is a failure of its job. */
async function readChecked(name: string, { store, code }: RunStoredJobOptions): Promise<JobDocument> {
  try {
    const document = await store.readDocument(name);
    checkSettings(document, await (code?.types ?? JOB_TYPE_CODE)[document.type]());
    return document;
  } catch (error) {
    if (error instanceof TsloraError && error.code !== "not-found")
      await store.writeFailure(name, { attempts: 1, error: error.message }).catch(() => undefined);
    throw error;
  }
}
