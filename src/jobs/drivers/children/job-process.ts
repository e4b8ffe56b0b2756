import { fork, type ChildProcess } from "node:child_process";

import type { JobDocument } from "../../contract/job-document";
import type { JobProgress } from "../../contract/job-type";
import type { JobMessage, JobReply, JobRequest } from "./messages";

/** Lines that TensorFlow's library writes to standard error at every log level. */
const CHATTER = /^WARNING: All log messages before absl::InitializeLog|oneDNN custom operations are on/;
/** Variables that a job's process does not get. */
const SECRETS: readonly string[] = [
  "TSLORA_ADMIN_TOKEN",
  "TSLORA_REDIS",
  "MLFLOW_TRACKING_URI",
  "MLFLOW_TRACKING_TOKEN",
  "MLFLOW_TRACKING_USERNAME",
  "MLFLOW_TRACKING_PASSWORD",
];
/** Milliseconds that a process gets to end, or to stop its job, before it is killed. */
const PATIENCE = { end: 5000, stop: 60_000 } as const;

/** The end of a job: as its process reports, or with its process. */
export type ProcessOutcome = JobReply | { readonly kind: "lost"; readonly how: string };

/** Options of {@link JobProcess.run}. */
export interface ProcessRunOptions {
  readonly store: string;
  readonly inputFolders: readonly string[];
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: JobProgress) => void;
}

/** A child process that runs jobs one after another. */
export class JobProcess {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #onMessage: ((message: JobMessage) => void) | undefined;
  #isRunning = true;
  #log = "";
  #peak = 0;

  /** @param options.entry - the compiled module that calls {@link serveJobs} */
  constructor({ entry, threads }: { readonly entry: string; readonly threads: number }) {
    const count = String(threads);
    const mine = { TF_NUM_INTRAOP_THREADS: count, TF_NUM_INTEROP_THREADS: count, OMP_NUM_THREADS: count };
    const inherited = Object.entries(process.env).filter(([name]) => !SECRETS.includes(name));
    this.#child = fork(entry, [], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
      serialization: "advanced",
      env: { ...mine, ...Object.fromEntries(inherited) }, // a user's own number of threads wins
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#log = (this.#log + text).slice(-4000)));
    this.#child.on("message", (message: JobMessage) => {
      this.#peak = Math.max(this.#peak, message.peak);
      this.#onMessage?.(message);
    });
    const kill = (): void => void this.#child.kill("SIGKILL");
    process.once("exit", kill);
    this.#ended = new Promise((done) => {
      const end = (how: string): void => {
        this.#isRunning = false;
        process.off("exit", kill);
        done(`${how}${this.#printed()}`);
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether it can run a further job. */
  get isRunning(): boolean {
    return this.#isRunning && this.#child.connected;
  }

  /** The most bytes of memory that it reported. */
  get peak(): number {
    return this.#peak;
  }

  /** Runs a job to its end, or to the process's. A job that does not stop in a minute is killed with the process. */
  async run(
    document: JobDocument,
    { store, inputFolders, signal, onProgress }: ProcessRunOptions,
  ): Promise<ProcessOutcome> {
    let timer: NodeJS.Timeout | undefined;
    const stop = (): void => {
      this.#send({ kind: "stop" });
      timer = setTimeout(() => this.kill(), PATIENCE.stop);
    };
    const outcome = new Promise<ProcessOutcome>((done) => {
      this.#onMessage = (message) => {
        if (message.kind === "progress") onProgress?.(message.progress);
        else done(message);
      };
      void this.#ended.then((how) => done({ kind: "lost", how }));
    });
    this.#send({ kind: "run", document, store, inputFolders });
    if (signal?.aborted === true) stop();
    else signal?.addEventListener("abort", stop, { once: true });
    try {
      return await outcome;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      this.#onMessage = undefined;
    }
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Ends the process and waits for its end. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.kill(), PATIENCE.end);
    await this.#ended;
    clearTimeout(timer);
  }

  #send(request: JobRequest): void {
    if (this.#child.connected) this.#child.send(request, () => undefined); // a failure is the process's end
  }

  #printed(): string {
    const lines = this.#log.split("\n").filter((line) => line.trim() !== "" && !CHATTER.test(line));
    return lines.length === 0 ? "" : `; it printed: ${lines.slice(-5).join(" ").slice(0, 1000)}`;
  }
}
