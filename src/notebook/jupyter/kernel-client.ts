import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";

import { debugLog } from "../../base/debug-log";
import { faultCode, faultText } from "../../base/files/file-fault";
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

/** A request to a kernel, or a message that has no answer. */
export interface KernelRequest {
  /** @default "shell" */
  readonly channel?: "shell" | "control";
  /** The message's type, such as `execute_request`. */
  readonly type: string;
  /** @default {} */
  readonly content?: JsonRecord;
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
  #lateOutputListener: ((message: Message) => void) | undefined;
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
      const { channels, heartbeat } = loadSockets();
      this.#channels = new channels.Channels({
        connection,
        dialect,
        identity: this.#session,
        onMessage: (channel, message) => this.#deliver(channel, message),
        onBad: (problem) => onLog("stderr", `${problem.message}\n`),
      });
      this.#heartbeat = new heartbeat.Heartbeat(socketAddress(connection, connection.hb_port, dialect));
    } catch (error) {
      this.#process.killAll();
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

  /** Sets the one listener of late outputs: iopub messages whose request no longer has a listener. */
  setLateOutputListener(listener: (message: Message) => void): void {
    this.#lateOutputListener = listener;
  }

  /**
   * Sends a request. All messages that answer it are passed to `listener` until {@link forget} is called.
   *
   * @returns the request's id
   */
  request({ channel = "shell", type, content = {} }: KernelRequest, listener: (event: KernelEvent) => void): string {
    const message = newMessage(type, content, this.#session);
    const id = message.header.msg_id;
    debug("-> %s %s %s", channel, type, id);
    this.#listeners.set(id, listener);
    if (this.#process.ended) void this.#process.exited.then((exit) => listener({ kind: "exit", exit }));
    else this.#channels.send(channel, message).catch(() => undefined); // a closed socket: the process reports its exit
    return id;
  }

  /** Sends a message that has no answer. */
  sendMessage({ channel = "shell", type, content = {} }: KernelRequest): void {
    if (!this.#process.ended)
      this.#channels.send(channel, newMessage(type, content, this.#session)).catch(() => undefined);
  }

  /** Removes the listener of a request. */
  forget(id: string): void {
    this.#listeners.delete(id);
  }

  /**
   * Sends a request. Resolves with its reply once the kernel is idle again, or with undefined when the kernel has ended
   * or `timeoutMs` has passed. On `control`, and before the first iopub message has arrived, the reply alone is enough.
   */
  async ask({ timeoutMs, ...request }: KernelRequest & { readonly timeoutMs: number }): Promise<Message | undefined> {
    let id = "";
    let timer: NodeJS.Timeout | undefined;
    const answer = new Promise<Message | undefined>((resolve) => {
      let reply: Message | undefined;
      let idle = false;
      timer = setTimeout(() => resolve(undefined), timeoutMs);
      id = this.request(request, (event) => {
        if (event.kind === "exit") resolve(undefined);
        else if (event.kind === "reply") reply = event.message;
        else if (event.kind === "iopub" && isIdle(event.message)) idle = true;
        if (reply !== undefined && (idle || request.channel === "control" || !this.#iopubSeen)) resolve(reply);
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
    if (this.spec.interruptMode === "message")
      void this.ask({ channel: "control", type: "interrupt_request", timeoutMs: this.#graceMs });
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
   *
   * @param how - `terminate` leaves out the request, for a kernel that does not answer
   */
  async stop(how: "ask" | "terminate" = "ask"): Promise<KernelExit> {
    if (how === "ask" && !this.#process.ended) {
      const exited = this.#process.exited.then(() => true);
      await this.ask({
        channel: "control",
        type: "shutdown_request",
        content: { restart: false },
        timeoutMs: Math.min(this.#graceMs, 1000),
      });
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
    else if (channel === "iopub") this.#lateOutputListener?.(message);
  }
}

/* eslint-disable @typescript-eslint/no-require-imports -- loaded while the kernel's process starts */
/** Loads the sockets, and ZeroMQ with them. This takes a while, and the kernel's process starts meanwhile. */
function loadSockets(): { channels: typeof ChannelsModule; heartbeat: typeof HeartbeatModule } {
  return {
    channels: require("./channels") as typeof ChannelsModule,
    heartbeat: require("./heartbeat") as typeof HeartbeatModule,
  };
}
/* eslint-enable @typescript-eslint/no-require-imports */

/** Milliseconds to wait for the optional input channel of a kernel that already answers. */
const STDIN_MS = 1000;

/** A kernel that finds its ports in use is started so many times, each time with other ports. */
const PORT_TRIES = 3;

/**
 * Starts a kernel and waits until it answers and its iopub messages arrive.
 *
 * @throws TsloraError `kernel` when it ends or does not answer in time, `aborted` when `signal` stops the start.
 */
export async function startKernel(options: KernelOptions): Promise<Kernel> {
  const { spec, startTimeoutMs = 60_000 } = options;
  for (let attempt = 1; ; attempt++) {
    if (options.signal?.aborted === true) throw stoppedAtStart();
    const kernel = await newKernel(options);
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
    if (isPortTaken(kernel) && attempt < PORT_TRIES) continue;
    const what =
      exit !== undefined
        ? `ended before it answered: ${describeExit(exit)}`
        : outcome === "port-taken"
          ? `found its ports in use ${PORT_TRIES} times`
          : `did not answer within ${startTimeoutMs / 1000} s`;
    const log = kernel.logTail.trim();
    throw new TsloraError(
      "kernel",
      `The kernel ${spec.name} (${spec.argv[0]}) ${what}.${log === "" ? "" : ` It printed:\n${log}`}`,
      { details: { kernel: spec.name, exit, log } },
    );
  }
}

/** @throws TsloraError `kernel` when the system refuses to start the process; no connection file is left. */
async function newKernel(options: KernelOptions): Promise<Kernel> {
  const { spec, transport = spec.transport } = options;
  const file = await writeConnectionFile(spec.name, transport);
  try {
    return new Kernel(options, file);
  } catch (error) {
    await file.remove();
    if (faultCode(error) === undefined) throw error; // not the system's
    throw new TsloraError(
      "kernel",
      `The kernel ${spec.name} (${spec.argv[0]}) could not be started: ${faultText(error)}.`,
      { cause: error, details: { kernel: spec.name } },
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
): Promise<"ready" | "ended" | "port-taken" | "silent" | "aborted"> {
  const deadline = performance.now() + timeoutMs;
  let answered = false;
  let abort = (): void => undefined;
  const aborted = new Promise<undefined>((resolve) => (abort = () => resolve(undefined)));
  signal?.addEventListener("abort", abort);
  if (signal?.aborted === true) abort(); // aborted while the process was started
  try {
    while (performance.now() < deadline) {
      // Repeated until an iopub message arrives, too: the kernel receives the subscription some time after its first
      // reply.
      const waitMs = answered ? 100 : Math.min(ASK_AGAIN_MS, deadline - performance.now());
      const reply = await Promise.race([kernel.ask({ type: "kernel_info_request", timeoutMs: waitMs }), aborted]);
      if (signal?.aborted === true) return "aborted";
      if (kernel.ended) return "ended";
      if (reply === undefined && isPortTaken(kernel)) return "port-taken"; // tslab keeps running without its port
      if (reply !== undefined) {
        answered = true; // any reply counts: tslab's has no status
        kernel.info = reply.content;
        if (kernel.iopubSeen) return "ready";
      }
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
