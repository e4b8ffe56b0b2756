/**
 * Loaded into a kernel of this clone by `node --require`, before tslab. It fixes tslab for headless runs without
 * changing its files.
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

// A killed runner cannot end its kernel, so the kernel ends itself once its parent is another process. The runner may
// already be dead here.
const isOrphan = process.ppid === 1 && !["1", "", undefined].includes(process.env.JPY_PARENT_PID);
const runner = isOrphan ? undefined : process.ppid;
setInterval(() => {
  if (process.ppid === runner) return;
  const folder = dirname(connectionFile());
  if (basename(folder).startsWith("tslora-kernel-")) rmSync(folder, { recursive: true, force: true });
  process.exit(1);
}, 1000).unref();

// A headless run executes each cell once, so a second figure with the same title is another figure.
Reflect.set(globalThis, RUNS_ONCE, true);

const { Publisher, Router } = zeromq;

/** The largest message that is accepted, in bytes; ZeroMQ closes a connection that sends a larger one. */
const MOST_BYTES = 64 * 1024 * 1024;
/** The same for a heartbeat and for a subscription. */
const MOST_BEAT_BYTES = 64 * 1024;

/**
 * Replaces tslab's publisher. ZeroMQ's drops messages silently when a thousand wait. From the 513th send in one turn of
 * the event loop it throws, which `console.log` hides. A cell that prints a lot would lose outputs and its idle status.
 * This one sends what it can at once, and the rest later in order.
 */
class PatientPublisher extends Publisher {
  readonly #waiting: Parameters<InstanceType<typeof Publisher>["send"]>[0][] = [];

  constructor(options: ConstructorParameters<typeof Publisher>[0]) {
    super({ ...options, sendHighWaterMark: 0, maxMessageSize: MOST_BEAT_BYTES });
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
        if (!isBusy(error)) break; // the socket was closed meanwhile
        await new Promise(setImmediate);
      }
    }
    this.#waiting.length = 0;
  }
}

/**
 * Sends and receives while tslab is still opening its other sockets: ZeroMQ refuses both then, and tslab would never
 * read the socket again. A message that cannot be sent is dropped, since its receiver is gone.
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
 * Replaces tslab's router. Every user of this machine can connect to a port, so the router passes on only requests
 * signed with the connection's key. tslab itself would fail the running cell at any other message, and print the
 * expected signature for every user to read.
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
 * Replaces the heartbeat socket by a router, which returns each message to its sender. A reply socket would fail if a
 * sender broke the order.
 */
class Heartbeat extends PatientRouter {
  constructor(options: ConstructorParameters<typeof Router>[0]) {
    super({ maxMessageSize: MOST_BEAT_BYTES, ...options });
  }
}

/** The connection file's path: an option of tslab, an argument of tslora's kernel. */
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
