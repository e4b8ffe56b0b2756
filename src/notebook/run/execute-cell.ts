import type { JsonRecord } from "../../base/json";
import { isIdle, type Kernel, type KernelEvent } from "../jupyter/kernel-client";
import type { KernelExit } from "../jupyter/kernel-process";
import { Mailbox } from "../jupyter/mailbox";
import type { Message } from "../jupyter/wire";

/** Limits and stop signal of one execution. */
export interface ExecuteOptions {
  /** The cell is interrupted after so many milliseconds; undefined for no limit. */
  readonly timeoutMs?: number;
  /** Milliseconds that an interrupted cell may take to end before the kernel is ended. */
  readonly graceMs: number;
  /** Interrupts the cell. */
  readonly signal?: AbortSignal;
  /** Called with the request's id, which identifies late outputs. */
  readonly onRequest?: (id: string) => void;
}

/** Times of the kernel's steps in ISO format, under Jupyter's names. */
export type ExecutionTimes = Readonly<Partial<Record<ExecutionTime, string>>>;

type ExecutionTime = "iopub.status.busy" | "iopub.execute_input" | "iopub.status.idle" | "shell.execute_reply";

/** End of an execution (by the kernel's reply or exit), and whether it was interrupted before. */
export interface Execution {
  readonly end: ExecutionEnd;
  /** The reason why it was interrupted, if it was. */
  readonly stopped: Stop | undefined;
  /** The prompt, if the cell was stopped because it requested input. */
  readonly prompt?: string;
  /** Milliseconds since the last answer to a heartbeat, at the time of the interrupt. */
  readonly silentMs: number;
  readonly times: ExecutionTimes;
}

/** The last event of an execution. */
export type ExecutionEnd =
  { readonly kind: "reply"; readonly content: JsonRecord } | { readonly kind: "exit"; readonly exit: KernelExit };

/**
 * The reason for an interrupt: the cell's limit, the user, or a request for input, which a headless run cannot answer.
 */
export type Stop = "timeout" | "aborted" | "input";

/** Milliseconds to wait for messages that a kernel published before it exited. */
const DRAIN_MS = 100;

/** Milliseconds that idle status and reply may lie apart, before a request checks whether the later one was lost. */
const IDLE_MS = 2000;

/** Stands in for a reply that the kernel did not send. */
export const LOST_REPLY = {
  status: "error",
  ename: "NoReplyError",
  evalue:
    "The kernel ended the cell without a reply, so its outcome is unknown. " +
    "The kernel's own log may contain the reason, since a kernel that fails itself sends none.",
  traceback: [],
} as const;

/** Timers may run after so many messages: an endless sequence of messages would otherwise block them. */
const TURN = 200;

type MailboxEvent = KernelEvent | { readonly kind: "idle-late" | "idle-lost" | "reply-late" | "reply-lost" };

/**
 * Executes code in a kernel: yields the messages that the kernel publishes for it, returns how it ended. It has ended
 * when both the reply and the idle status for this request have arrived. A cell over its limit is interrupted; if it
 * continues, the kernel is ended.
 */
export async function* executeCell(
  kernel: Kernel,
  code: string,
  options: ExecuteOptions,
): AsyncGenerator<Message, Execution> {
  const execution = new CellExecution(kernel, options);
  try {
    execution.request(code);
    return yield* execution.toEnd();
  } finally {
    execution.close();
  }
}

class CellExecution {
  readonly #kernel: Kernel;
  readonly #options: ExecuteOptions;
  readonly #mailbox = new Mailbox<MailboxEvent>();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #times: Partial<Record<ExecutionTime, string>> = {};
  readonly #onAbort = (): void => this.#stop("aborted");
  #id = "";
  #reply: JsonRecord | undefined;
  #isIdle = false;
  /** Whether reply and idle status have arrived; from then on, the cell is not interrupted. */
  #isSettled = false;
  #exit: KernelExit | undefined;
  #interruption: Pick<Execution, "stopped" | "prompt" | "silentMs"> = { stopped: undefined, silentMs: 0 };

  constructor(kernel: Kernel, options: ExecuteOptions) {
    this.#kernel = kernel;
    this.#options = options;
  }

  /** Sends the request, and sets the cell's limit. */
  request(code: string): void {
    const { timeoutMs, signal, onRequest } = this.#options;
    const content = {
      code,
      silent: false,
      store_history: true,
      user_expressions: {},
      allow_stdin: false,
      stop_on_error: false,
    };
    this.#id = this.#kernel.request({ type: "execute_request", content }, (event) => this.#mailbox.push(event));
    onRequest?.(this.#id);
    if (timeoutMs !== undefined) this.#after(timeoutMs, () => this.#stop("timeout"));
    if (signal?.aborted === true) this.#stop("aborted");
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** Yields the messages that the kernel publishes until the execution ends. */
  async *toEnd(): AsyncGenerator<Message, Execution> {
    for (let turn = 1; ; turn++) {
      if (turn % TURN === 0) await new Promise(setImmediate);
      await this.#settle();
      if (this.#reply !== undefined && this.#isSettled && this.#mailbox.isEmpty)
        return this.#ended({ kind: "reply", content: this.#reply });
      const event = await this.#mailbox.next();
      if (event.kind === "exit" && this.#exit !== undefined) return this.#ended(event);
      const published = this.#handle(event);
      if (published !== undefined) yield published;
    }
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#options.signal?.removeEventListener("abort", this.#onAbort);
    this.#kernel.forget(this.#id);
  }

  #ended(end: ExecutionEnd): Execution {
    return { end, ...this.#interruption, times: this.#times };
  }

  /** Settles an execution with reply and idle status; waits for errors that the kernel reports after them. */
  async #settle(): Promise<void> {
    if (this.#reply === undefined || !this.#isIdle || this.#isSettled) return;
    this.#isSettled = true;
    if (this.#kernel.spec.dialect.reportsBehindIdle)
      await this.#kernel.ask({ type: "kernel_info_request", timeoutMs: this.#options.graceMs });
  }

  /** Handles an event; returns its message if it is the cell's output. */
  #handle(event: MailboxEvent): Message | undefined {
    switch (event.kind) {
      case "iopub":
        return this.#handlePublished(event.message);
      case "reply":
        this.#times["shell.execute_reply"] = event.message.header.date;
        this.#reply = event.message.content;
        this.#after(IDLE_MS, () => this.#mailbox.push({ kind: "idle-late" }));
        return undefined;
      case "exit": // check again in a moment: earlier messages of the kernel may still arrive
        this.#exit = event.exit;
        this.#after(DRAIN_MS, () => this.#mailbox.push(event));
        return undefined;
      case "input": {
        const { prompt } = event.message.content;
        this.#stop("input", typeof prompt === "string" ? prompt : "");
        return undefined;
      }
      case "idle-late":
        if (!this.#isIdle) void this.#askForLost("idle");
        return undefined;
      case "idle-lost":
        this.#isIdle = true;
        return undefined;
      case "reply-late":
        if (this.#reply === undefined) void this.#askForLost("reply");
        return undefined;
      case "reply-lost":
        this.#reply ??= LOST_REPLY;
        return undefined;
    }
  }

  #handlePublished(message: Message): Message | undefined {
    const { header, content } = message;
    if (header.msg_type === "execute_input") this.#times["iopub.execute_input"] = header.date;
    if (header.msg_type !== "status") return message;
    if (content.execution_state === "busy") this.#times["iopub.status.busy"] = header.date;
    if (isIdle(message)) {
      this.#times["iopub.status.idle"] = header.date;
      this.#isIdle = true;
      if (this.#reply === undefined) this.#after(IDLE_MS, () => this.#mailbox.push({ kind: "reply-late" }));
    }
    return undefined;
  }

  /** Interrupts the cell at once instead of through the mailbox, in which many outputs may be waiting. */
  #stop(why: Stop, prompt?: string): void {
    if (this.#interruption.stopped !== undefined || this.#isSettled) return;
    this.#interruption = { stopped: why, silentMs: this.#kernel.silentMs, prompt };
    this.#kernel.interrupt();
    this.#after(this.#options.graceMs, () => {
      if (!this.#isSettled) void this.#kernel.stop("terminate"); // its exit arrives in the mailbox
    });
  }

  /**
   * Checks whether the idle status or the reply was lost: a publisher whose queue overflows drops messages, and a
   * kernel that fails itself sends no reply. If a later request is answered, it was.
   */
  async #askForLost(what: "idle" | "reply"): Promise<void> {
    const answer = await this.#kernel.ask({ type: "kernel_info_request", timeoutMs: IDLE_MS });
    this.#mailbox.push({ kind: answer === undefined ? `${what}-late` : `${what}-lost` });
  }

  #after(ms: number, work: () => void): void {
    this.#timers.push(setTimeout(work, ms));
  }
}
