import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { debugLog } from "../../base/debug-log";
import { TsloraError } from "../../base/tslora-error";
import type * as ChannelsModule from "./channels";
import type { ChannelName, Channels } from "./channels";
import { socketAddress, writeConnectionFile, type ConnectionFile, type Transport } from "./connection";
import type { KernelSpec } from "./kernel-spec";
import type * as HeartbeatModule from "./heartbeat";
import type { Heartbeat } from "./heartbeat";
import type { JsonRecord } from "../../base/json";
import { describeExit, KernelProcess, type KernelExit } from "./kernel-process";
import { newMessage, type Message } from "./wire";

const debug = debugLog("runner");

/** Options of starting a kernel. */
export interface KernelOptions {
  readonly spec: KernelSpec;
  /** The kernel's working folder. */
  readonly cwd: string;
  /** Variables for the kernel in addition to this process's own; undefined removes one. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Transport. @default "ipc" for this clone's kernels, "tcp" for others, as in Jupyter */
  readonly transport?: Transport;
  /** Milliseconds that the kernel may take to answer its first request. @default 60000 */
  readonly startTimeoutMs?: number;
  /** Milliseconds to wait at each step of stopping the kernel. @default 3000 */
  readonly graceMs?: number;
  /** Stops the start. */
  readonly signal?: AbortSignal;
  /** Called once the process is started, before it answers: for work that can be done meanwhile. */
  readonly onSpawned?: () => void;
  /** Called for text that the process prints itself, and for messages that were refused. */
  readonly onLog?: (name: "stdout" | "stderr", text: string) => void;
}

/** An event of one request: its reply, an iopub message, an input request, or the kernel's end. */
export type KernelEvent =
  | { readonly kind: "reply"; readonly message: Message }
  | { readonly kind: "iopub"; readonly message: Message }
  | { readonly kind: "input"; readonly message: Message }
  | { readonly kind: "exit"; readonly exit: KernelExit };

/** A running kernel of any language. The caller of {@link startKernel} owns it and calls {@link Kernel.stop}. */
export class Kernel {
  readonly spec: KernelSpec;
  /** The content of kernel_info_reply. */
  info: JsonRecord = {};
  readonly #session = randomUUID();
  readonly #process: KernelProcess;
  readonly #channels: Channels;
  readonly #heartbeat: Heartbeat;
  readonly #file: ConnectionFile;
  readonly #graceMs: number;
  readonly #listeners = new Map<string, (event: KernelEvent) => void>();
  #onStray: ((message: Message) => void) | undefined;
  #iopubSeen = false;

  constructor(options: KernelOptions, file: ConnectionFile) {
    const onLog = options.onLog ?? ((): void => undefined);
    this.spec = options.spec;
    this.#file = file;
    this.#graceMs = options.graceMs ?? 3000;
    this.#process = new KernelProcess({
      spec: options.spec,
      connectionFile: file,
      cwd: options.cwd,
      env: options.env ?? {},
      onLog,
    });
    try {
      const { connection } = file;
      const { dialect } = options.spec;
      /* eslint-disable @typescript-eslint/no-require-imports -- ZeroMQ is loaded while the kernel's process starts */
      const { Channels } = require("./channels") as typeof ChannelsModule;
      const { Heartbeat } = require("./heartbeat") as typeof HeartbeatModule;
      /* eslint-enable @typescript-eslint/no-require-imports */
      this.#channels = new Channels({
        connection,
        dialect,
        identity: this.#session,
        onMessage: (channel, message) => this.#deliver(channel, message),
        onBad: (problem) => onLog("stderr", `${problem.message}\n`),
      });
      this.#heartbeat = new Heartbeat(socketAddress(connection, connection.hb_port, dialect));
    } catch (error) {
      this.#process.killAll();
      void file.remove();
      throw error;
    }
    debug("%s started as process %d in %s", options.spec.name, this.#process.pid, options.cwd);
    void this.#process.exited.then((exit) => {
      debug("%s, process %d: %s", options.spec.name, this.#process.pid, describeExit(exit));
      for (const listener of this.#listeners.values()) listener({ kind: "exit", exit });
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Whether the kernel's process has ended. */
  get ended(): boolean {
    return this.#process.ended;
  }

  /** Resolves when the process has ended. */
  get exited(): Promise<KernelExit> {
    return this.#process.exited;
  }

  /** The last characters that the process printed itself. */
  get logTail(): string {
    return this.#process.logTail;
  }

  /** Milliseconds since the kernel last answered a heartbeat. */
  get silentMs(): number {
    return this.#heartbeat.silentMs;
  }

  /** Whether an iopub message has arrived. From then on none is missed. */
  get iopubSeen(): boolean {
    return this.#iopubSeen;
  }

  /** Resolves once the kernel can ask for input. */
  get stdinConnected(): Promise<void> {
    return this.#channels.stdinConnected;
  }

  /** Listens to late outputs: iopub messages whose request no longer has a listener. */
  onStray(listener: (message: Message) => void): void {
    this.#onStray = listener;
  }

  /**
   * Sends a request. All messages that answer it are passed to `listener` until {@link forget} is called.
   *
   * @returns the request's id
   */
  request(
    channel: "shell" | "control",
    type: string,
    content: JsonRecord,
    listener: (event: KernelEvent) => void,
  ): string {
    const message = newMessage(type, content, this.#session);
    const id = message.header.msg_id;
    debug("-> %s %s %s", channel, type, id);
    this.#listeners.set(id, listener);
    if (this.#process.ended) void this.#process.exited.then((exit) => listener({ kind: "exit", exit }));
    else this.#channels.send(channel, message).catch(() => undefined); // a closed socket: the process reports its exit
    return id;
  }

  /** Sends a message that has no answer. */
  sendMessage(channel: "shell" | "control", type: string, content: JsonRecord): void {
    if (!this.#process.ended)
      this.#channels.send(channel, newMessage(type, content, this.#session)).catch(() => undefined);
  }

  /** Removes the listener of a request. */
  forget(id: string): void {
    this.#listeners.delete(id);
  }

  /**
   * Sends a request. Resolves with its reply once the kernel is idle again, or with undefined when the kernel has ended
   * or `timeoutMs` has passed.
   */
  async ask(
    channel: "shell" | "control",
    type: string,
    content: JsonRecord,
    timeoutMs: number,
  ): Promise<Message | undefined> {
    let id = "";
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<Message | undefined>((resolve) => {
      let reply: Message | undefined;
      let idle = false;
      timer = setTimeout(() => resolve(undefined), timeoutMs);
      id = this.request(channel, type, content, (event) => {
        if (event.kind === "exit") resolve(undefined);
        else if (event.kind === "reply") reply = event.message;
        else if (event.kind === "iopub" && isIdle(event.message)) idle = true;
        if (reply !== undefined && (idle || channel === "control" || !this.#iopubSeen)) resolve(reply);
      });
    });
    try {
      return await answer;
    } finally {
      clearTimeout(timer);
      this.forget(id);
    }
  }

  /** Interrupts the running cell, in the way that the kernelspec names. */
  interrupt(): void {
    if (this.#process.ended) return;
    debug("interrupt by %s", this.spec.interruptMode);
    if (this.spec.interruptMode === "message") void this.ask("control", "interrupt_request", {}, this.#graceMs);
    else this.#process.signal("SIGINT"); // also to its children, as in Jupyter: it may be waiting for one of them
  }

  /**
   * Removes the file with the connection's key, which the kernel has read. Does not wait; {@link stop} tries again.
   */
  removeConnectionFile(): void {
    this.#file.removeRead().catch(() => undefined);
  }

  /**
   * Ends the kernel and its children: by a shutdown request, then SIGTERM, then SIGKILL. Resolves when all have ended.
   */
  async stop(how: "ask" | "terminate" = "ask"): Promise<KernelExit> {
    if (how === "ask" && !this.#process.ended) {
      const exited = this.#process.exited.then(() => true);
      await this.ask("control", "shutdown_request", { restart: false }, Math.min(this.#graceMs, 1000));
      // A kernel with open timers or handles continues to run after its reply.
      await Promise.race([exited, delay(Math.min(this.#graceMs, 250), undefined, { ref: false })]);
    }
    const exit = await this.#process.stop(this.#graceMs);
    this.#heartbeat.close();
    this.#channels.close();
    await this.#file.remove();
    return exit;
  }

  #deliver(channel: ChannelName, message: Message): void {
    debug("<- %s %s for %s", channel, message.header.msg_type, message.parent.msg_id ?? "no request");
    if (channel === "iopub") this.#iopubSeen = true;
    const listener = this.#listeners.get(message.parent.msg_id ?? "");
    if (listener !== undefined)
      listener({ kind: channel === "iopub" ? "iopub" : channel === "stdin" ? "input" : "reply", message });
    else if (channel === "iopub") this.#onStray?.(message);
  }
}

/** Milliseconds to wait for the optional input channel of a kernel that already answers. */
const STDIN_MS = 1000;

/**
 * Starts a kernel and waits until it answers and its iopub messages arrive.
 *
 * @throws TsloraError `kernel` when it ends or does not answer in time, `aborted` when `signal` stops the start.
 */
export async function startKernel(options: KernelOptions): Promise<Kernel> {
  const { spec, startTimeoutMs = 60_000 } = options;
  for (let attempt = 1; ; attempt++) {
    if (options.signal?.aborted === true) throw stoppedAtStart();
    const kernel = new Kernel(options, await writeConnectionFile(spec.name, options.transport ?? spec.transport));
    try {
      options.onSpawned?.();
    } catch (error) {
      await kernel.stop("terminate");
      throw error;
    }
    const outcome = await becomeReady(kernel, startTimeoutMs, options.signal);
    if (outcome === "ready") {
      await Promise.race([kernel.stdinConnected, delay(STDIN_MS, undefined, { ref: false })]);
      kernel.removeConnectionFile(); // so that even a killed runner leaves no file
      return kernel;
    }
    const exit = kernel.ended ? await kernel.exited : undefined;
    await kernel.stop("terminate");
    if (outcome === "aborted") throw stoppedAtStart();
    if (isPortTaken(kernel) && attempt < 3) continue;
    const what =
      exit === undefined
        ? `did not answer within ${startTimeoutMs / 1000} s`
        : `ended before it answered: ${describeExit(exit)}`;
    const log = kernel.logTail.trim();
    throw new TsloraError(
      "kernel",
      `The kernel ${spec.name} (${spec.argv[0]}) ${what}.${log === "" ? "" : ` It printed:\n${log}`}`,
      { details: { kernel: spec.name, exit, log } },
    );
  }
}

function stoppedAtStart(): TsloraError {
  return new TsloraError("aborted", "Stopped while the kernel was starting; nothing was executed.");
}

/** Whether a kernel reports a port in use: another program may open it between our choice and the kernel's start. */
function isPortTaken(kernel: Kernel): boolean {
  return /EADDRINUSE|address already in use/i.test(kernel.logTail);
}

/**
 * A request that a starting kernel has not answered is repeated after so many milliseconds: ZeroMQ may have dropped it
 * while the kernel opened its sockets.
 */
const ASK_AGAIN_MS = 2000;

async function becomeReady(
  kernel: Kernel,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<"ready" | "ended" | "silent" | "aborted"> {
  const deadline = performance.now() + timeoutMs;
  let abort = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => (abort = () => resolve(undefined)));
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort(); // aborted while the process was started
  try {
    while (performance.now() < deadline) {
      // Repeated until an iopub message arrives, too: the kernel receives the subscription some time after its first
      // reply.
      const waitMs = kernel.info.status === undefined ? Math.min(ASK_AGAIN_MS, deadline - performance.now()) : 100;
      const reply = await Promise.race([kernel.ask("shell", "kernel_info_request", {}, waitMs), aborted]);
      if (signal?.aborted === true) return "aborted";
      if (kernel.ended) return "ended";
      if (reply === undefined && isPortTaken(kernel)) return "silent"; // tslab keeps running without its port
      // tslab's reply has no status; any reply counts.
      if (reply !== undefined) kernel.info = { status: "ok", ...reply.content };
      if (reply !== undefined && kernel.iopubSeen) return "ready";
      await delay(20);
    }
    return "silent";
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** Whether a message is the idle status, which ends a request. */
export function isIdle(message: Message): boolean {
  return message.header.msg_type === "status" && message.content.execution_state === "idle";
}
