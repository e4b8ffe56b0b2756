/**
 * Loaded into a kernel of this clone by `node --require`, before tslab. It leaves tslab's files unchanged and repairs
 * what a headless run needs.
 */
import "../../base/compile-cache"; // first
import "./close-stdin";
import "./one-rebuild-timer";
import "./rearm-sigint";

import { readFileSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";

import * as zeromq from "zeromq";

import { RUNS_ONCE } from "../../base/runs-once";
import { reportStranger } from "../jupyter/report-stranger";
import { MessageReader, signedFrames } from "../jupyter/wire";

// A runner that is killed cannot end its kernel; so the kernel ends itself once its parent is another process. The
// runner may have been killed before this line.
const isOrphan = process.ppid === 1 && !["1", "", undefined].includes(process.env.JPY_PARENT_PID);
const runner = isOrphan ? undefined : process.ppid;
setInterval(() => {
  if (process.ppid === runner) return;
  const folder = dirname(connectionFile());
  if (basename(folder).startsWith("tslora-kernel-")) rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}, 1000).unref();

// A headless run executes each cell once; so a second figure of the same title is another figure.
Reflect.set(globalThis, RUNS_ONCE, true);

const { Publisher, Router } = zeromq;

/**
 * The publisher that tslab gets. ZeroMQ's drops messages in silence when a thousand wait, and throws from the 513th
 * send of one turn of the event loop on, which `console.log` swallows: a cell that prints a lot would lose outputs,
 * and with them the status that ends it. This one sends what it can at once, and the rest in order afterwards.
 */
class PatientPublisher extends Publisher {
  readonly #waiting: Parameters<InstanceType<typeof Publisher>["send"]>[0][] = [];

  constructor(options: ConstructorParameters<typeof Publisher>[0]) {
    super({ ...options, sendHighWaterMark: 0 });
  }

  override async send(message: Parameters<InstanceType<typeof Publisher>["send"]>[0]): Promise<void> {
    if (this.#waiting.length === 0) {
      try {
        return await super.send(message);
      } catch (error) {
        if (!isBusy(error)) throw error;
      }
    }
    this.#waiting.push(message);
    if (this.#waiting.length === 1) void this.#sendWaiting();
  }

  async #sendWaiting(): Promise<void> {
    let sent = 0;
    while (sent < this.#waiting.length && !this.closed) {
      try {
        await super.send(this.#waiting[sent]);
        sent++;
      } catch (error) {
        if (!isBusy(error)) break; // closed while it waited
        await new Promise(setImmediate);
      }
    }
    this.#waiting.length = 0;
  }
}

/** The largest message that is taken, in bytes; ZeroMQ closes the connection that sends a larger one. */
const MOST_BYTES = 64 * 1024 * 1024;
const MOST_BEAT_BYTES = 64 * 1024;

/**
 * Sends and receives although tslab still opens its other sockets: ZeroMQ refuses both meanwhile, and tslab would never
 * read that socket again. A message that cannot be sent is dropped: its receiver is gone.
 */
class PatientRouter extends Router {
  constructor(options: ConstructorParameters<typeof Router>[0]) {
    super({ maxMessageSize: MOST_BYTES, ...options });
  }

  override async receive(): ReturnType<InstanceType<typeof Router>["receive"]> {
    return untilFree(() => super.receive());
  }

  override async send(message: Parameters<InstanceType<typeof Router>["send"]>[0]): Promise<void> {
    await untilFree(() => super.send(message)).catch(() => undefined);
  }
}

/**
 * The router that tslab gets. Everybody on this machine can connect to a port, so it hands on only requests that are
 * signed with the connection's key. tslab itself would fail the running cell of any other message, and print the
 * signature that it expected where everybody can read it.
 */
class GuardedRouter extends PatientRouter {
  readonly #reader = new MessageReader(connectionKey());

  override async receive(): ReturnType<InstanceType<typeof Router>["receive"]> {
    for (;;) {
      const frames = await super.receive();
      try {
        const { msg_type } = this.#reader.read(frames).header;
        if (msg_type.endsWith("_request") || msg_type.startsWith("comm_")) return signedFrames(frames);
      } catch (error) {
        reportStranger(error);
      }
    }
  }
}

/**
 * The heartbeat. A router returns each message to its sender; a reply socket would fail when a sender breaks the order.
 */
class Heartbeat extends PatientRouter {
  constructor(options: ConstructorParameters<typeof Router>[0]) {
    super({ maxMessageSize: MOST_BEAT_BYTES, ...options });
  }
}

/** The connection file's path, which tslab gets as an option and tslora's kernel as its argument. */
function connectionFile(): string {
  const option = "--config-path=";
  return process.argv.find((arg) => arg.startsWith(option))?.slice(option.length) ?? process.argv.at(2) ?? "";
}

function connectionKey(): string {
  const { key } = JSON.parse(readFileSync(connectionFile(), "utf8")) as { key?: unknown };
  return typeof key === "string" ? key : "";
}

async function untilFree<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isBusy(error)) throw error;
      await new Promise(setImmediate);
    }
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EBUSY";
}

Object.assign(require.cache[require.resolve("zeromq")]?.exports as object, {
  Publisher: PatientPublisher,
  Reply: Heartbeat,
  Router: GuardedRouter,
});
