import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { writeAtomically } from "../../../base/files/write-atomically";
import { isRecord } from "../../../base/json";
import { sha256Of } from "../../../base/sha256-of";
import type { RecordProblem } from "../../../corpus/records/text-record";
import type { RecordCounts } from "../shard/shard-chunk";
import type { PredictionRow } from "./prediction-row";

/** A finished chunk. */
export interface StoredChunk {
  readonly rows: readonly PredictionRow[];
  readonly problems: readonly RecordProblem[];
  readonly counts: RecordCounts;
}

/** The finished chunks of a shard, a file each: its checkpoints. A killed worker leaves whole chunks alone. */
export class ChunkStore {
  readonly #folder: string;
  readonly #key: string;

  /**
   * @param folder - the job's folder for checkpoints
   * @param key - names the document and the code; chunks of others count as damaged
   */
  constructor(folder: string, key: string) {
    this.#folder = folder;
    this.#key = key;
  }

  write(index: number, chunk: StoredChunk): Promise<void> {
    const content = JSON.stringify(chunk);
    // not synced: after a crash of the machine, a chunk that is not whole is computed again
    return writeAtomically(this.#path(index), `${this.#digest(content)}\n${content}\n`, { sync: false });
  }

  /** A chunk; undefined if it is not there or damaged. */
  async read(index: number): Promise<StoredChunk | undefined> {
    let text: string;
    try {
      text = await readFile(this.#path(index), "utf8");
    } catch (error) {
      if (isRecord(error) && error.code === "ENOENT") return undefined;
      throw error;
    }
    const [digest, content = ""] = text.split("\n");
    return digest === this.#digest(content) ? (JSON.parse(content) as StoredChunk) : undefined;
  }

  #digest(content: string): string {
    return sha256Of(`${this.#key}\n${content}`);
  }

  #path(index: number): string {
    return join(this.#folder, `chunk-${String(index).padStart(8, "0")}.json`);
  }
}
