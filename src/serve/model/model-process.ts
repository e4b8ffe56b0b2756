import { fork, type ChildProcess } from "node:child_process";
import { join } from "node:path";

import { TsloraError } from "../../base/tslora-error";
import type { ModelReply, ModelRequest, ModelResults } from "./messages";

/** Lines that TensorFlow's library writes to standard error at every log level. */
const CHATTER = /^WARNING: All log messages before absl::InitializeLog|oneDNN custom operations are on/;

/** Environment variables that are not passed to the model's process. */
const SECRETS: readonly string[] = ["TSLORA_ADMIN_TOKEN"];

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The process that holds the model. */
export class ModelProcess {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #log = "";
  #rss = 0;
  #ended: TsloraError | undefined;
  #stopping = false;
  /** Resolves when the process has ended: with the reason, or with undefined if it was stopped. */
  readonly ended: Promise<TsloraError | undefined>;

  constructor() {
    this.#child = fork(join(__dirname, "model-worker.js"), [], {
      stdio: ["ignore", "ignore", "pipe", "ipc"],
      execArgv: [],
      serialization: "advanced",
      env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !SECRETS.includes(name))),
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#log = (this.#log + text).slice(-4000)));
    this.#child.on("message", (message: ModelReply) => this.#take(message));
    this.ended = new Promise((done) => {
      const end = (how: string): void => {
        this.#ended ??= new TsloraError("kernel", `The model's process ended (${how}).${this.#printed()}`);
        for (const { reject } of this.#waiting.values()) reject(this.#ended);
        this.#waiting.clear();
        done(this.#stopping ? undefined : this.#ended);
      };
      this.#child.once("error", (error) => end(error.message));
      this.#child.once("exit", (code, signal) => end(signal ?? `exit code ${code}`));
    });
  }

  /** Bytes of memory that the process had at its last answer. */
  get rss(): number {
    return this.#rss;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Whether the process runs and takes requests. */
  get alive(): boolean {
    return this.#ended === undefined && this.#child.connected;
  }

  /**
   * Sends a request and waits for its answer.
   *
   * @throws TsloraError of the process, or `kernel` if it ended
   */
  request<Request extends ModelRequest>(request: Request): Promise<ModelResults[Request["kind"]]> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) return reject(this.#ended);
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, request }, (error) => {
        if (error === null) return;
        this.#waiting.delete(id);
        reject(new TsloraError("kernel", `The model's process takes no requests (${error.message}).`));
      });
    });
  }

  /** Ends the process and waits for its end. */
  async stop(): Promise<void> {
    this.#stopping = true;
    if (this.#child.connected) this.#child.disconnect();
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5000); // it cannot answer while it computes
    await this.ended;
    clearTimeout(timer);
  }

  #take(reply: ModelReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    this.#rss = reply.rss;
    if (reply.ok) waiting?.resolve(reply.value as never);
    else waiting?.reject(new TsloraError(reply.code ?? "kernel", reply.message));
  }

  #printed(): string {
    const lines = this.#log.split("\n").filter((line) => line.trim() !== "" && !CHATTER.test(line));
    return lines.length === 0 ? "" : ` It printed:\n${lines.slice(-20).join("\n")}`;
  }
}
