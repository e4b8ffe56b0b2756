/** The thread that reads, parses, cleans and screens a shard while the main thread computes. */
import { parentPort, workerData } from "node:worker_threads";

import { TsloraError } from "../../../base/tslora-error";
import type { ChunkMessage } from "./chunk-messages";
import { readChunks, type ReadChunksOptions } from "./read-chunks";

const chunks = readChunks(workerData as ReadChunksOptions);
const answer = (message: ChunkMessage): void => parentPort?.postMessage(message);

/** Each request gets one chunk; requests wait for the one before. */
let before: Promise<void> = Promise.resolve();
parentPort?.on("message", () => void (before = before.then(next)));

async function next(): Promise<void> {
  try {
    const { done, value } = await chunks.next();
    answer(done === true ? { kind: "end" } : { kind: "chunk", chunk: value });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    answer({ kind: "error", code: error instanceof TsloraError ? error.code : "bad-input", message });
  }
}
