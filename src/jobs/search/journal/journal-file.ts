import { randomUUID } from "node:crypto";
import { open, type FileHandle } from "node:fs/promises";
import { dirname, resolve } from "node:path";

import { notSaved } from "../../../base/files/file-fault";
import { makeFolder } from "../../../base/files/make-folder";
import { isRecord } from "../../../base/json";
import { shownPath } from "../../../base/shown-path";
import { TsloraError } from "../../../base/tslora-error";
import { withJournalLock } from "./journal-lock";
import { journalText, type Operation } from "./operations";
import { JournalReplay } from "./replay";

/** A text of JSON, which is kept, or a number that Python writes and JSON does not have. */
const TEXT_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\b(?:NaN|Infinity)\b/g;

/**
 * A journal of Optuna's `JournalStorage` with a `JournalFileBackend`: one JSON object per line, one line per operation,
 * only ever appended. `optuna.load_study` reads it at any time, and other programs may add lines.
 */
export class JournalFile {
  readonly path: string;
  readonly replay = new JournalReplay();
  readonly #worker = `${randomUUID()}-${process.pid}`;
  #read = 0; // bytes whose lines are applied

  constructor(path: string) {
    this.path = resolve(path);
  }

  /** Applies the lines that were added since the last call. */
  async sync(): Promise<void> {
    const file = await open(this.path, "r").catch((error: unknown) => {
      if (isRecord(error) && error.code === "ENOENT") return undefined;
      throw error;
    });
    try {
      if (file !== undefined) await this.#apply(file);
    } finally {
      await file?.close();
    }
  }

  /**
   * Appends operations under the lock, after all that others have added. A line that a killed process has left
   * incomplete is removed first: it was never part of the study.
   *
   * @param make - makes the operations from the state of the journal
   * @param options.sync - whether they are on the disk when this returns. @default true
   * @throws TsloraError `not-saved` if the file cannot be written, `bad-input` if a line is no JSON object.
   */
  async append(
    make: (replay: JournalReplay) => readonly Operation[],
    { sync = true }: { readonly sync?: boolean } = {},
  ): Promise<void> {
    makeFolder(dirname(this.path));
    try {
      await withJournalLock(this.path, () => this.#appendLocked(make, sync));
    } catch (error) {
      throw error instanceof TsloraError ? error : notSaved(this.path, error);
    }
  }

  async #appendLocked(make: (replay: JournalReplay) => readonly Operation[], sync: boolean): Promise<void> {
    const file = await open(this.path, "a+");
    try {
      await this.#apply(file);
      const { size } = await file.stat();
      if (size > this.#read) await file.truncate(this.#read);
      const operations = make(this.replay);
      if (operations.length === 0) return;
      const lines = operations.map(({ op_code, ...more }) =>
        journalText({ op_code, worker_id: this.#worker, ...more }),
      );
      try {
        await file.appendFile(lines.map((line) => `${line}\n`).join(""));
        if (sync) await file.sync();
      } catch (error) {
        await file.truncate(this.#read).catch(() => undefined); // a part of a trial is none, such as on a full disk
        throw error;
      }
      await this.#apply(file);
    } finally {
      await file.close();
    }
  }

  /** Applies the complete lines from where the last call ended. */
  async #apply(file: FileHandle): Promise<void> {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.max(0, size - this.#read));
    const { bytesRead } = await file.read(bytes, 0, bytes.length, this.#read);
    const end = bytes.subarray(0, bytesRead).lastIndexOf(0x0a) + 1;
    const lines = bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
    for (const line of lines) this.replay.apply(this.#parse(line));
    this.#read += end;
  }

  #parse(line: string): Readonly<Record<string, unknown>> {
    try {
      const value: unknown = JSON.parse(
        /NaN|Infinity/.test(line)
          ? line.replace(TEXT_OR_NUMBER, (part) => (part.startsWith('"') ? part : `"${part}"`)) // Number() reads it
          : line,
      );
      if (isRecord(value)) return value;
    } catch {
      // Reported below.
    }
    throw new TsloraError(
      "bad-input",
      `${shownPath(this.path)} must be a journal of Optuna, one JSON object per line; got ${JSON.stringify(line.slice(0, 60))}. Give another path.`,
      { details: { path: this.path } },
    );
  }
}
