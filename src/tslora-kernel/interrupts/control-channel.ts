import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { CLOSED, TAKEN } from "./control-counts";
import type { ControlSettings } from "./control-worker";
import type { AnswerSocket } from "../tslab";

/** Called for every request on the control channel, with the socket for the answer. */
export type OnControl = (socket: AnswerSocket, frames: Buffer[]) => void;

/** Milliseconds that the process waits at exit for the control channel's socket to close. */
const CLOSE_MS = 1000;

/** Binds the control channel in its own thread; resolves once it is bound. */
export function openControlChannel({ address, key, counts }: ControlSettings, onRequest: OnControl): Promise<void> {
  const worker = new Worker(join(__dirname, "control-worker.js"), {
    workerData: { address, key, counts } satisfies ControlSettings,
    stdout: true,
    stderr: true,
  });
  worker.unref();
  process.on("exit", () => {
    worker.postMessage("close"); // ZeroMQ aborts the process if a thread ends with a socket open
    Atomics.wait(counts, CLOSED, 0, CLOSE_MS);
  });
  const socket: AnswerSocket = { send: async (frames) => worker.postMessage(frames) };
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.on("message", (message: "bound" | { number: number; frames: Uint8Array[] }) => {
      if (message === "bound") return resolve();
      Atomics.store(counts, TAKEN, message.number);
      onRequest(
        socket,
        message.frames.map((frame) => Buffer.from(frame)),
      );
    });
  });
}
