/**
 * A thread of its own for the control channel, so that an interrupt and the end are heard while a cell computes. All
 * requests go to the main thread, which answers through here.
 */
import { parentPort, workerData } from "node:worker_threads";

import { Router } from "zeromq";

import { reportStranger } from "../notebook/jupyter/report-stranger";
import { MessageReader, signedFrames } from "../notebook/jupyter/wire";

/** Data of the thread. */
export interface ControlSettings {
  readonly address: string;
  readonly key: string;
  /** [requests that the main thread has taken, signals that this thread has sent, whether its socket is closed] */
  readonly counts: Int32Array;
}

/** A main thread that has not taken an interrupt by then is in the middle of a computation; in milliseconds. */
const KICK_MS = 250;
/** A main thread that has not taken its end by then will not; in milliseconds. */
const END_MS = 1500;
/** The largest message that is taken, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;

const { address, key, counts } = workerData as ControlSettings;

async function listen(): Promise<void> {
  const socket = new Router({ maxMessageSize: MOST_BYTES });
  const reader = new MessageReader(key);
  const bound = socket.bind(address);
  const close = (): void => {
    socket.close();
    Atomics.store(counts, 2, 1);
    Atomics.notify(counts, 2);
  };
  parentPort?.on("message", (frames: Uint8Array[] | "close") => {
    if (frames !== "close") return void socket.send(frames).catch(() => undefined);
    parentPort?.close();
    void bound.then(close, close); // a socket that is being bound cannot be closed yet
  });
  try {
    await bound;
  } catch (error) {
    close();
    throw error;
  }
  parentPort?.postMessage("bound");
  let number = 0;
  for await (const frames of socket) {
    let type: string;
    try {
      type = reader.read(frames).header.msg_type;
    } catch (error) {
      reportStranger(error);
      continue;
    }
    const mine = ++number;
    parentPort?.postMessage({ number: mine, frames: signedFrames(frames) });
    const isTaken = (): boolean => Atomics.load(counts, 0) >= mine;
    if (type === "interrupt_request") kickUntil(isTaken);
    if (type === "shutdown_request") setTimeout(() => isTaken() || process.kill(process.pid, "SIGKILL"), END_MS);
  }
}

/** A real signal ends what computes: Node hears it there, and nowhere else. */
function kickUntil(isTaken: () => boolean): void {
  const timer = setInterval(() => {
    if (isTaken()) return clearInterval(timer);
    Atomics.add(counts, 1, 1);
    process.kill(process.pid, "SIGINT");
  }, KICK_MS);
}

void listen();
