import { Queue, QueueEvents } from "bullmq";

import { asError } from "../../../base/as-error";
import { canonicalSha256 } from "../../../base/canonical-json";
import { codeVersion } from "../../contract/code-version";
import type { JobDocument } from "../../contract/job-document";
import { JOB_TYPE_CODE, type JobTypes } from "../../contract/job-types";
import type { JobStore } from "../../store/job-store";
import { TRIES } from "../children/run-attempts";
import type { JobDriver, JobOutcome, RunJobOptions } from "../job-driver";
import { isOutage, outlastOutage } from "../outage";
import { PendingJobs } from "../pending-jobs";
import { manifestIfDone, prepareJob } from "../prepare-job";
import { atMost } from "./at-most";
import { openRedis, type RedisLogin } from "./open-redis";
import { isJobEvent, jobId, nameOfId, PREFIX, QUEUE_TIMES, queueName } from "./queued-job";
import type { QueuedJob, QueuedResult, QueueTimes } from "./queued-job";

/** Jobs whose state is asked for at the same time. */
const AT_A_TIME = 100;
/** Looks without any worker after which a notice says so. */
const PATIENCE = 3;

/** Options of a {@link BullmqDriver}. */
export interface BullmqDriverOptions {
  /** URL of the Redis. */
  readonly redis: string;
  readonly store: JobStore;
  /** Receives sentences for the user. @default none */
  readonly onNotice?: (text: string) => void;
  /** For tests. */
  readonly times?: QueueTimes;
  /** For tests: the types of jobs. */
  readonly types?: JobTypes;
}

/**
 * Runs jobs by a Redis queue, on machines where `tslora worker` runs. The store decides what is done: a Redis that
 * forgets its jobs gets them again.
 */
export class BullmqDriver implements JobDriver {
  readonly name = "bullmq";
  readonly capacity = Infinity;
  readonly #store: JobStore;
  readonly #types: JobTypes;
  readonly #code: string;
  readonly #queue: Queue<QueuedJob, QueuedResult>;
  readonly #events: QueueEvents;
  readonly #pending = new PendingJobs();
  readonly #onNotice: (text: string) => void;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> | undefined;
  #lonely = 0;
  #storeIsAway = false;
  #closed = false;

  private constructor(options: BullmqDriverOptions, { login, code }: { login: RedisLogin; code: string }) {
    const { store, types = JOB_TYPE_CODE, times = QUEUE_TIMES, onNotice = () => undefined } = options;
    this.#store = store;
    this.#types = types;
    this.#code = code;
    this.#onNotice = onNotice;
    const shared = { connection: login.connection, prefix: PREFIX };
    this.#queue = new Queue(queueName(store, code), shared);
    this.#events = new QueueEvents(queueName(store, code), shared);
    let lastNotice = "";
    const tell = (error: Error): void => {
      const text = login.safe(error);
      if (text !== lastNotice) onNotice(`Redis at ${login.url.shown}: ${text}. The jobs go on when it is back.`);
      lastNotice = text;
    };
    this.#queue.on("error", tell);
    this.#events.on("error", tell);
    this.#events.on("progress", ({ jobId: id, data }) => {
      const name = nameOfId(id);
      if (isJobEvent(data, name)) this.#pending.get(name)?.options.onEvent?.(data);
    });
    for (const ended of ["completed", "failed"] as const)
      this.#events.on(ended, ({ jobId: id }: { jobId: string }) => void this.#look([nameOfId(id)]));
    this.#timer = setInterval(() => this.#poll(), times.poll);
  }

  /** @throws TsloraError `unreachable` if Redis does not answer, `bad-option` if it refuses the login */
  static async open(options: BullmqDriverOptions): Promise<BullmqDriver> {
    const login = await openRedis(options.redis);
    const driver = new BullmqDriver(options, { login, code: await codeVersion() });
    await Promise.all([driver.#queue.waitUntilReady(), driver.#events.waitUntilReady()]);
    return driver;
  }

  async run(document: JobDocument, options: RunJobOptions = {}): Promise<JobOutcome> {
    const { name } = document;
    const about = { store: this.#store, types: this.#types, code: this.#code };
    const state = await outlastOutage(() => prepareJob(document, about), options);
    if (state.kind === "done") return { type: "done", job: name, manifest: state.manifest, reused: true };
    if (options.signal?.aborted === true || this.#closed) return { type: "stopped", job: name };
    await outlastOutage(() => this.#store.forget(name), options);
    const outcome = this.#pending.wait({ document, options, own: {}, stop: (job) => this.#stop(job) });
    void this.#add(document, { again: true }).catch((error) => this.#pending.get(name)?.fail(error));
    return outcome;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    const jobs = [...this.#pending];
    await atMost(Promise.all(jobs.map(([name]) => this.#stop(name))));
    for (const [job, { settle }] of jobs) settle({ type: "stopped", job });
    await atMost(Promise.all([this.#events.close(), this.#queue.close()]));
    await atMost(Promise.all([this.#events.disconnect(), this.#queue.disconnect()])); // Redis is away
  }

  /** @param options.again - whether a job that failed in an earlier run is tried again */
  async #add(document: JobDocument, { again }: { readonly again: boolean }): Promise<void> {
    const { name, type } = document;
    const id = jobId(name);
    if (again && (await this.#queue.getJobState(id)) === "failed") await this.#queue.remove(id);
    await this.#queue.add(type, { name, document: canonicalSha256(document) }, { jobId: id, attempts: TRIES });
  }

  /** Takes a job out of the queue, or asks its worker to stop it. */
  async #stop(name: string): Promise<void> {
    const id = jobId(name);
    const state = await this.#queue.getJobState(id);
    if (state !== "active" && (await this.#queue.remove(id)) === 1)
      this.#pending.get(name)?.settle({ type: "stopped", job: name });
    else await this.#store.requestStop(name);
  }

  #poll(): void {
    if (this.#looking !== undefined || this.#pending.size === 0) return;
    this.#looking = this.#lookAtAll()
      .catch(() => undefined) // Redis is away
      .finally(() => (this.#looking = undefined));
  }

  async #lookAtAll(): Promise<void> {
    const names = [...this.#pending.keys()];
    for (let at = 0; at < names.length; at += AT_A_TIME) await this.#look(names.slice(at, at + AT_A_TIME));
    if (this.#pending.size === 0) return;
    this.#lonely = (await this.#queue.getWorkersCount()) === 0 ? this.#lonely + 1 : 0;
    if (this.#lonely === PATIENCE)
      this.#onNotice(
        `No worker of this version takes jobs of this store. Start one: tslora worker --redis URL --store ${this.#store.kind === "folder" ? "FOLDER" : this.#store.place}.`,
      );
  }

  async #look(names: readonly string[]): Promise<void> {
    let isAway = false;
    const fail = (name: string, error: unknown): void => {
      if (!isOutage(error)) return this.#pending.get(name)?.fail(error);
      if (!isAway && !this.#storeIsAway) this.#onNotice(`${asError(error).message} The jobs go on when it is back.`);
      isAway = true; // a later look may reach it
    };
    await Promise.all(names.map((name) => this.#lookAt(name).catch((error: unknown) => fail(name, error))));
    this.#storeIsAway = isAway;
  }

  /** Settles a job that has ended, and adds one again that Redis has lost. */
  async #lookAt(job: string): Promise<void> {
    const pending = this.#pending.get(job);
    if (pending === undefined) return;
    const { document, options, settle } = pending;
    const state = await this.#queue.getJobState(jobId(job)).catch(() => undefined);
    if (state === "failed") {
      const failed = await this.#queue.getJob(jobId(job));
      const attempts = failed?.attemptsMade ?? TRIES;
      return settle({ type: "failed", job, attempts, error: failed?.failedReason ?? "unknown" });
    }
    if (state !== undefined && state !== "unknown") {
      if (options.signal?.aborted === true) await this.#stop(job);
      return;
    }
    const manifest = await manifestIfDone(document, { store: this.#store, code: this.#code });
    if (manifest !== undefined) {
      await this.#store.clean(job); // its worker may have been killed after it wrote the manifest
      return settle({ type: "done", job, manifest, reused: false });
    }
    if (state === undefined) return; // Redis is away
    if (options.signal?.aborted === true || (await this.#store.stopRequested(job)))
      return settle({ type: "stopped", job });
    await this.#add(document, { again: false });
  }
}
