import type { JsonRecord } from "../../base/json";
import { isIdle, type Kernel, type KernelEvent } from "../jupyter/kernel-client";
import type { KernelExit } from "../jupyter/kernel-process";
import { Mailbox } from "../jupyter/mailbox";
import type { Message } from "../jupyter/wire";

/** Limits and stops of one execution. */
export interface ExecuteOptions {
  /** After how many milliseconds the cell is interrupted; undefined for no limit. */
  readonly timeoutMs?: number;
  /** Milliseconds that an interrupted cell may take to end before the kernel is ended. */
  readonly graceMs: number;
  /** Interrupts the cell. */
  readonly signal?: AbortSignal;
  /** Called with the request's id, by which late outputs are known. */
  readonly onRequest?: (id: string) => void;
}

/** When the kernel did what, as ISO times; Jupyter's names. */
export type ExecutionTimes = Readonly<
  Partial<Record<"iopub.status.busy" | "iopub.execute_input" | "iopub.status.idle" | "shell.execute_reply", string>>
>;

/** How an execution ended: by the kernel's reply or its end, and what had been done to it before. */
export interface Execution {
  readonly end:
    { readonly kind: "reply"; readonly content: JsonRecord } | { readonly kind: "exit"; readonly exit: KernelExit };
  /** Why it was interrupted, if it was. */
  readonly stopped: Stop | undefined;
  /** The prompt, if the cell was stopped because it requested input. */
  readonly prompt?: string;
  /** Milliseconds without an answer to a heartbeat when the kernel was interrupted. */
  readonly silentMs: number;
  readonly times: ExecutionTimes;
}

/** Why a cell is interrupted: its limit, the user, or that it wants an input that nobody can give. */
export type Stop = "timeout" | "aborted" | "input";

/** Milliseconds to wait for messages that a kernel published before its end. */
const DRAIN_MS = 100;

/** Milliseconds from the reply to the idle status before the kernel is asked whether that was lost. */
const IDLE_MS = 2000;

/** After how many messages timers get their turn: messages that come without end would keep them waiting. */
const TURN = 200;

type Happening = KernelEvent | { readonly kind: "idle-late" | "idle-lost" };

/**
 * Executes code in a kernel: yields what the kernel publishes for it, returns how it ended. The end is the reply and
 * the idle status, both for this request. A cell over its limit is interrupted; if it continues, the kernel is ended.
 */
export async function* executeCell(
  kernel: Kernel,
  code: string,
  options: ExecuteOptions,
): AsyncGenerator<Message, Execution> {
  const mailbox = new Mailbox<Happening>();
  const timers: NodeJS.Timeout[] = [];
  const after = (ms: number, happening: Happening): void =>
    void timers.push(setTimeout(() => mailbox.push(happening), ms));

  const times: Record<string, string> = {};
  let reply: JsonRecord | undefined;
  let idle = false;
  let settled = false;
  let drained = false;
  let stopped: Execution["stopped"];
  let silentMs = 0;
  let prompt: string | undefined;
  // At once, and not by the mailbox: what the cell has printed may take long to work through.
  const stop = (why: Stop): void => {
    if (stopped !== undefined || settled) return;
    stopped = why;
    silentMs = kernel.silentMs;
    kernel.interrupt();
    timers.push(setTimeout(giveUp, options.graceMs));
  };
  const giveUp = (): void => {
    if (!settled) void kernel.stop("terminate"); // its end comes by the mailbox
  };
  const abort = (): void => stop("aborted");
  // An overrun publisher drops messages, perhaps idle too: the idle of a later request shows that it did.
  const askForIdle = async (): Promise<void> => {
    const answer = await kernel.ask("shell", "kernel_info_request", {}, IDLE_MS);
    mailbox.push({ kind: answer === undefined ? "idle-late" : "idle-lost" });
  };
  const request = {
    code,
    silent: false,
    store_history: true,
    user_expressions: {},
    allow_stdin: false,
    stop_on_error: false,
  };
  const id = kernel.request("shell", "execute_request", request, (event) => mailbox.push(event));
  options.onRequest?.(id);
  if (options.timeoutMs !== undefined) timers.push(setTimeout(() => stop("timeout"), options.timeoutMs));
  if (options.signal?.aborted === true) abort();
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    for (let turn = 1; ; turn++) {
      if (turn % TURN === 0) await new Promise(setImmediate);
      if (reply !== undefined && idle && !settled) {
        settled = true;
        // tslab reports an unhandled rejection right after its idle: one round trip later it has arrived for this cell.
        if (kernel.spec.dialect === "tslab") await kernel.ask("shell", "kernel_info_request", {}, options.graceMs);
      }
      if (reply !== undefined && settled && mailbox.isEmpty)
        return { end: { kind: "reply", content: reply }, stopped, prompt, silentMs, times };
      const happening = await mailbox.next();
      if (happening.kind === "iopub") {
        const { header, content } = happening.message;
        if (header.msg_type === "status") {
          if (content.execution_state === "busy") times["iopub.status.busy"] = header.date;
          if (isIdle(happening.message)) {
            times["iopub.status.idle"] = header.date;
            idle = true;
          }
        } else {
          if (header.msg_type === "execute_input") times["iopub.execute_input"] = header.date;
          yield happening.message;
        }
      } else if (happening.kind === "reply") {
        times["shell.execute_reply"] = happening.message.header.date;
        reply = happening.message.content;
        after(IDLE_MS, { kind: "idle-late" });
      } else if (happening.kind === "exit") {
        if (!drained) {
          drained = true;
          after(DRAIN_MS, happening);
          continue;
        }
        return { end: happening, stopped, prompt, silentMs, times };
      } else if (happening.kind === "input") {
        if (stopped !== undefined || settled) continue;
        prompt = typeof happening.message.content.prompt === "string" ? happening.message.content.prompt : "";
        stop("input");
      } else if (happening.kind === "idle-late") {
        if (!idle) void askForIdle();
      } else {
        idle = true;
      }
    }
  } finally {
    for (const timer of timers) clearTimeout(timer);
    options.signal?.removeEventListener("abort", abort);
    kernel.forget(id);
  }
}
