import { join } from "node:path";
import { Worker } from "node:worker_threads";

import { TsloraError } from "../../../base/tslora-error";
import type { ChunkMessage } from "./chunk-messages";
import type { ReadChunksOptions } from "./read-chunks";
import type { ShardChunk } from "./shard-chunk";

/** Chunks that are read ahead of the one that is computed. */
const AHEAD = 2;

/**
 * {@link readChunks} in a thread of its own, a few chunks ahead: reading, unpacking, parsing, cleaning and screening
 * overlap with the encoder, which blocks the main thread.
 */
export async function* readChunksAhead(options: ReadChunksOptions): AsyncGenerator<ShardChunk, void, void> {
  const worker = new Worker(join(__dirname, "chunk-worker.js"), { workerData: options, execArgv: [] });
  const arrived: ChunkMessage[] = [];
  let wake = (): void => undefined;
  const take = (message: ChunkMessage): void => {
    arrived.push(message);
    wake();
  };
  const fail = (message: string): void => take({ kind: "error", code: "bad-input", message });
  worker.on("message", take);
  worker.on("error", (error) => fail(`The thread that reads the texts failed: ${error.message}`));
  worker.on("exit", (code) => fail(`The thread that reads the texts ended (exit code ${code}).`));
  try {
    for (let i = 0; i < AHEAD; i++) worker.postMessage("next");
    for (;;) {
      while (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const message = arrived.shift();
      if (message === undefined || message.kind === "end") return;
      if (message.kind === "error") throw new TsloraError(message.code, message.message);
      worker.postMessage("next");
      yield message.chunk;
    }
  } finally {
    await worker.terminate();
  }
}
