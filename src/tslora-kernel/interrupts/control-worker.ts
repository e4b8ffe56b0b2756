/**
 * Runs the control channel in its own thread: interrupts and shutdown requests arrive while a cell computes. Passes all
 * requests to the main thread and sends its answers.
 */
import { parentPort, workerData } from "node:worker_threads";

import { Router } from "zeromq";

import { reportStranger } from "../../notebook/jupyter/report-stranger";
import { MessageReader, signedFrames } from "../../notebook/jupyter/wire";
import { CLOSED, PENDING, TAKEN } from "./control-counts";

/** Data of the thread. */
export interface ControlSettings {
  readonly address: string;
  readonly key: string;
  /** The counters that both threads share; see control-counts.ts. */
  readonly counts: Int32Array;
}

/** Milliseconds between the signals to a main thread that has not taken an interrupt, since it computes. */
const SIGNAL_MS = 250;
/** Milliseconds after which the process is killed if the main thread has not taken a shutdown request. */
const END_MS = 1500;
/** The largest message that is accepted, in bytes. */
const MOST_BYTES = 64 * 1024 * 1024;

const { address, key, counts } = workerData as ControlSettings;

async function listen(): Promise<void> {
  const socket = new Router({ maxMessageSize: MOST_BYTES });
  const reader = new MessageReader(key);
  const bound = socket.bind(address);
  const close = (): void => {
    socket.close();
    Atomics.store(counts, CLOSED, 1);
    Atomics.notify(counts, CLOSED);
  };
  parentPort?.on("message", (frames: Uint8Array[] | "close") => {
    if (frames !== "close") return void socket.send(frames).catch(() => undefined);
    parentPort?.close();
    void bound.then(close, close); // a socket cannot be closed while it is being bound
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
    const isTaken = (): boolean => Atomics.load(counts, TAKEN) >= mine;
    if (type === "interrupt_request") signalUntil(isTaken);
    if (type === "shutdown_request") setTimeout(() => isTaken() || process.kill(process.pid, "SIGKILL"), END_MS);
  }
}

/** Sends signals until the main thread takes the interrupt, since only a signal stops a computation. */
function signalUntil(isTaken: () => boolean): void {
  const timer = setInterval(() => {
    if (isTaken()) return clearInterval(timer);
    Atomics.add(counts, PENDING, 1);
    process.kill(process.pid, "SIGINT");
  }, SIGNAL_MS);
}

void listen();
