import { UnrecoverableError, WaitingError, Worker, type Job } from "bullmq";

import { canonicalSha256 } from "../../../base/canonical-json";
import { TsloraError } from "../../../base/tslora-error";
import { checkSettings } from "../../contract/check-document";
import { codeVersion } from "../../contract/code-version";
import type { JobDocument } from "../../contract/job-document";
import { expectJobName } from "../../contract/job-name";
import { JOB_TYPE_CODE, type JobTypes } from "../../contract/job-types";
import type { JobStore } from "../../store/job-store";
import { ChildPool } from "../children/child-pool";
import { runAttempts } from "../children/run-attempts";
import { outlastOutage } from "../outage";
import type { JobEvent } from "../job-driver";
import { manifestIfDone } from "../prepare-job";
import { watchForStop } from "../watch-for-stop";
import { atMost } from "./at-most";
import { openRedis, type RedisLogin } from "./open-redis";
import { PREFIX, QUEUE_TIMES, queueName, type QueuedJob, type QueuedResult, type QueueTimes } from "./queued-job";

/** Lost workers of a job, such as machines that went away, after which the queue gives it up. */
const MOST_STALLED = 20;

/** Options of a {@link QueueWorker}. */
export interface QueueWorkerOptions {
  /** URL of the Redis. */
  readonly redis: string;
  readonly store: JobStore;
  /** Job processes at the same time. @default as many as memory and cores allow */
  readonly workers?: number;
  /** Folders outside the store from which jobs may read. @default none */
  readonly inputFolders?: readonly string[];
  /** Receives the events of the jobs that run here. @default none */
  readonly onEvent?: (event: JobEvent) => void;
  /** Receives sentences for the user, such as that Redis is away. @default none */
  readonly onNotice?: (text: string) => void;
  /** For tests. */
  readonly times?: QueueTimes;
  /** For tests: the types of jobs, and the module that serves them in a child process. */
  readonly code?: { readonly types: JobTypes; readonly entry: string };
}

type Queued = Job<QueuedJob, QueuedResult>;

/**
 * Runs jobs of a Redis queue in child processes. Computing blocks a child; this process renews the locks of its jobs
 * meanwhile.
 */
export class QueueWorker {
  readonly #options: QueueWorkerOptions;
  readonly #code: string;
  readonly #pool: ChildPool;
  readonly #closing = new AbortController();
  readonly #worker: Worker<QueuedJob, QueuedResult>;
  readonly #running = new Set<Promise<unknown>>();
  #closed: Promise<void> | undefined;

  private constructor(options: QueueWorkerOptions, { login, code }: { login: RedisLogin; code: string }) {
    const { store, workers, onNotice = () => undefined, times = QUEUE_TIMES } = options;
    this.#options = options;
    this.#code = code;
    this.#pool = new ChildPool({ store, workers, entry: options.code?.entry });
    this.#worker = new Worker(queueName(store, code), (job, token) => this.#track(this.#process(job, token)), {
      connection: login.connection,
      prefix: PREFIX,
      concurrency: this.#pool.capacity,
      lockDuration: times.lock,
      stalledInterval: times.stalled,
      maxStalledCount: MOST_STALLED,
      removeOnComplete: { count: 0 },
    });
    let lastNotice = "";
    this.#worker.on("error", (error) => {
      const text = login.safe(error);
      if (text !== lastNotice) onNotice(`Redis at ${login.url.shown}: ${text}`);
      lastNotice = text;
    });
    this.#worker.on("ready", () => (lastNotice = ""));
  }

  /**
   * Starts to take jobs.
   *
   * @throws TsloraError `unreachable` if Redis does not answer, `bad-option` if it refuses the login
   */
  static async start(options: QueueWorkerOptions): Promise<QueueWorker> {
    const login = await openRedis(options.redis);
    const worker = new QueueWorker(options, { login, code: await codeVersion() });
    await worker.#worker.waitUntilReady();
    return worker;
  }

  /** The most jobs at the same time. */
  get capacity(): number {
    return this.#pool.capacity;
  }

  /** Stops the jobs at their checkpoints, gives them back to the queue, and ends all processes. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const paused = this.#worker.pause(true); // takes no further job
    this.#closing.abort();
    await atMost(paused);
    await Promise.allSettled(this.#running); // they stop at their checkpoints, which takes as long as it takes
    await this.#pool.close();
    await atMost(this.#worker.close());
    await atMost(this.#worker.disconnect()); // Redis is away
  }

  /** Remembers a job until it has ended. */
  #track(job: Promise<QueuedResult>): Promise<QueuedResult> {
    this.#running.add(job);
    const forget = (): void => void this.#running.delete(job);
    job.then(forget, forget);
    return job;
  }

  async #process(job: Queued, token: string | undefined): Promise<QueuedResult> {
    const { store, inputFolders = [], onEvent = () => undefined } = this.#options;
    const document = await outlastOutage(() => this.#document(job.data), { signal: this.#closing.signal });
    const stop = watchForStop(store, document.name);
    const tries = job.opts.attempts ?? 1;
    const attempt = job.attemptsMade + 1;
    try {
      const outcome = await runAttempts(document, {
        pool: this.#pool,
        inputFolders,
        tries: 1,
        first: attempt,
        signal: AbortSignal.any([this.#closing.signal, stop.signal]),
        isDone: () => manifestIfDone(document, { store, code: this.#code }),
        onEvent: (event) => {
          const reported = event.type === "failed" ? { ...event, retries: event.retries || attempt < tries } : event;
          onEvent(reported);
          job.updateProgress(reported).catch(() => undefined); // Redis is away: the driver looks into the store
        },
      });
      if (outcome.type === "done") return { kind: "done", reused: outcome.reused };
      if (outcome.type === "failed") throw new Error(outcome.error);
      if (stop.signal.aborted) return { kind: "stopped", reused: false };
    } finally {
      stop.end();
    }
    await atMost(job.moveToWait(token)); // without an answer, the lock's end gives it back
    throw new WaitingError(); // another worker continues
  }

  /**
   * Reads the document of a queued job. Redis decides the name alone; a document that is not valid is not tried
   * again.
   */
  async #document({ name, document: hash }: QueuedJob): Promise<JobDocument> {
    const types = this.#options.code?.types ?? JOB_TYPE_CODE;
    try {
      expectJobName(String(name));
      const document = await this.#options.store.readDocument(name);
      if (canonicalSha256(document) !== hash)
        throw new TsloraError("bad-input", `The document of the job ${name} is not the one that was queued.`);
      checkSettings(document, await types[document.type]());
      return document;
    } catch (error) {
      const final = error instanceof TsloraError && ["bad-input", "unsupported"].includes(error.code);
      throw final ? new UnrecoverableError(error.message) : error;
    }
  }
}
