import { randomBytes } from "node:crypto";
import { join } from "node:path";

import { shellWord } from "../../../base/shell-word";
import { writeAtomically } from "../../../base/files/write-atomically";
import { projectRoot } from "../../../base/places";
import { codeVersion } from "../../contract/code-version";
import type { JobDocument } from "../../contract/job-document";
import { JOB_TYPE_CODE, type JobTypes } from "../../contract/job-types";
import type { JobStore } from "../../store/job-store";
import { LOSSES } from "../children/run-attempts";
import type { JobDriver, JobOutcome, RunJobOptions } from "../job-driver";
import { PendingJobs, type PendingJob } from "../pending-jobs";
import { foldersOfInputs, manifestIfDone, prepareJob } from "../prepare-job";
import { arrayScript, LIST } from "./array-script";
import { cancel, largestArray, queuedTasks, submit } from "./slurm-commands";

/** Times of the driver in milliseconds. */
export interface SlurmTimes {
  /** During which jobs are gathered for one array. @default 1,000 */
  readonly gather: number;
  /** Between two looks at store and queue. @default 5,000 */
  readonly poll: number;
}

/** Options of a {@link SlurmDriver}. */
export interface SlurmDriverOptions {
  readonly store: JobStore;
  /** Whether the driver submits arrays, or writes their scripts and prints the command. */
  readonly mode: "submit" | "script";
  /** Further arguments of `sbatch`. @default none */
  readonly sbatch?: readonly string[];
  /** Receives sentences for the user. @default none */
  readonly onNotice?: (text: string) => void;
  /** For tests. */
  readonly times?: SlurmTimes;
  /** For tests: the types of jobs, and the command to which store and name are added. */
  readonly code?: { readonly types: JobTypes; readonly command: readonly string[] };
}

/** A job's way through the arrays. */
interface Task {
  /** Its last array and its task there, once the array's script is written. */
  task?: { readonly array: string; readonly id: string | undefined; readonly number: number };
  /** Whether the task was in SLURM's queue. */
  seen: boolean;
  /** Looks in a row that found neither task nor result. */
  missing: number;
  /** Arrays in which its task ended without a result. */
  losses: number;
}

/** Runs jobs as tasks of SLURM arrays. The store decides what is done; what is missing goes into a further array. */
export class SlurmDriver implements JobDriver {
  readonly name = "slurm";
  readonly capacity = Infinity;
  readonly #options: SlurmDriverOptions;
  readonly #pending = new PendingJobs<Task>();
  readonly #times: SlurmTimes;
  #gathered: string[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #polling: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: SlurmDriverOptions) {
    this.#options = options;
    this.#times = options.times ?? { gather: 1000, poll: 5000 };
  }

  async run(document: JobDocument, options: RunJobOptions = {}): Promise<JobOutcome> {
    const { store, code } = this.#options;
    const job = document.name;
    const state = await prepareJob(document, {
      store,
      types: code?.types ?? JOB_TYPE_CODE,
      code: await codeVersion(),
    });
    if (state.kind === "done") return { type: "done", job, manifest: state.manifest, reused: true };
    if (this.#closed || options.signal?.aborted === true) return { type: "stopped", job };
    await store.forget(job);
    const own = { seen: false, missing: 0, losses: 0 };
    const outcome = this.#pending.wait({ document, options, own, stop: (name) => this.#stop(name) });
    this.#gather(job);
    return outcome;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#gathering);
    clearTimeout(this.#polling);
    const tasks = [...this.#pending];
    await Promise.all(tasks.map(([job]) => this.#stop(job).catch(() => undefined)));
    for (const [job, { settle }] of tasks) settle({ type: "stopped", job });
  }

  #gather(job: string): void {
    this.#gathered.push(job);
    this.#gathering ??= setTimeout(() => {
      this.#gathering = undefined;
      const jobs = this.#gathered;
      this.#gathered = [];
      void this.#submitAll(jobs.filter((name) => this.#pending.has(name)));
    }, this.#times.gather);
  }

  async #submitAll(jobs: readonly string[]): Promise<void> {
    const largest = await largestArray();
    for (let at = 0; at < jobs.length; at += largest) {
      const part = jobs.slice(at, at + largest).filter((job) => this.#pending.has(job));
      if (part.length === 0) continue; // they were stopped meanwhile
      try {
        await this.#submit(part);
      } catch (error) {
        for (const job of part) this.#pending.get(job)?.fail(error);
      }
    }
    this.#poll();
  }

  /** Writes an array's list and script, and submits it or prints the command. */
  async #submit(jobs: readonly string[]): Promise<void> {
    const { store, mode, sbatch = [], onNotice, code } = this.#options;
    const array = `tslora-${randomBytes(6).toString("hex")}`;
    const folder = join(store.place, "slurm", array);
    const script = join(folder, "array.sh");
    const command = code?.command ?? [process.execPath, join(projectRoot(), "src/setup/tslora.mjs"), "job", "run"];
    const pending = jobs.flatMap((job) => this.#pending.get(job) ?? []);
    const folders = [...new Set(pending.flatMap(({ document }) => foldersOfInputs(document)))];
    await writeAtomically(join(folder, LIST), `${jobs.join("\n")}\n`);
    await writeAtomically(
      script,
      arrayScript({
        ...{ name: array, folder, count: jobs.length },
        command: [...command, store.place],
        after: folders.length === 0 ? [] : ["--inputs", JSON.stringify(folders)],
      }),
    );
    const id = mode === "submit" ? await submit(script, sbatch) : undefined;
    const stopped = jobs.flatMap((job, i) => (this.#pending.has(job) ? [] : [i + 1])); // while it was submitted
    for (const [i, job] of jobs.entries()) {
      const one = this.#pending.get(job);
      if (one !== undefined)
        Object.assign(one, { task: { array, id, number: i + 1 }, seen: id !== undefined, missing: 0 });
    }
    if (id !== undefined && stopped.length > 0) await cancel(id, stopped);
    const count = `${jobs.length} ${jobs.length === 1 ? "job" : "jobs"}`;
    onNotice?.(
      id === undefined
        ? `Submit ${count}: ${["sbatch", ...sbatch, script].map(shellWord).join(" ")}`
        : `SLURM has ${count} as the array ${id}.`,
    );
  }

  #poll(): void {
    if (this.#polling !== undefined || this.#closed) return;
    this.#polling = setTimeout(() => {
      void this.#collect()
        .catch(() => undefined) // the store does not answer: the next look may succeed
        .finally(() => {
          this.#polling = undefined;
          if (this.#pending.size > 0) this.#poll();
        });
    }, this.#times.poll);
  }

  /** Settles the jobs that have ended, and gathers those whose task is gone without a result. */
  async #collect(): Promise<void> {
    const arrays = [...new Set([...this.#pending.values()].flatMap(({ task }) => task?.array ?? []))];
    if (arrays.length === 0) return;
    const queued = await queuedTasks(arrays);
    const done = await this.#options.store.manifestNames();
    for (const [job, pending] of this.#pending)
      await this.#lookAt(job, { pending, queued, hasManifest: done.has(job) });
  }

  async #lookAt(
    job: string,
    {
      pending,
      queued,
      hasManifest,
    }: {
      pending: PendingJob & Task;
      queued: ReadonlyMap<string, ReadonlySet<number>> | undefined;
      hasManifest: boolean;
    },
  ): Promise<void> {
    const { document, settle, task, options } = pending;
    const { store } = this.#options;
    const manifest = hasManifest ? await manifestIfDone(document, { store, code: await codeVersion() }) : undefined;
    if (manifest !== undefined) {
      await store.clean(job); // its task may have been killed after it wrote the manifest
      return settle({ type: "done", job, manifest, reused: false });
    }
    const failure = await store.readFailure(job);
    if (failure !== undefined) return settle({ type: "failed", job, ...failure });
    if (task === undefined || queued === undefined) return;
    if (queued.get(task.array)?.has(task.number) === true)
      return void Object.assign(pending, { seen: true, missing: 0 });
    if (!pending.seen) return; // the user has not submitted it yet
    if (++pending.missing < 2) return; // a shared folder may show the manifest later
    if (options.signal?.aborted === true) return settle({ type: "stopped", job });
    const error = `its task ${task.number} of the array ${task.id ?? task.array} ended without a result`;
    const retries = ++pending.losses < LOSSES;
    options.onEvent?.({ type: "failed", job, attempt: pending.losses, error, retries });
    if (!retries) return settle({ type: "failed", job, attempts: pending.losses, error });
    Object.assign(pending, { task: undefined, seen: false });
    this.#gather(job);
  }

  async #stop(job: string): Promise<void> {
    const task = this.#pending.get(job)?.task;
    await this.#options.store.requestStop(job);
    if (task?.id !== undefined) await cancel(task.id, [task.number]);
    if (task === undefined || !this.#pending.get(job)?.seen) this.#pending.get(job)?.settle({ type: "stopped", job });
  }
}
