import { rm, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { isMissing } from "../../../base/files/error-code";
import { listTree } from "../../../base/files/list-tree";
import { makeFolder } from "../../../base/files/make-folder";
import { sha256OfFile } from "../../../base/files/sha256-of-file";
import { isRecord } from "../../../base/json";
import { LOCK_FILE } from "../../../base/lock/lock-file";
import { TsloraError } from "../../../base/tslora-error";
import { staysInside } from "../../contract/job-name";
import { parseJson } from "../stored-text";
import type { ObjectStore } from "./object-store";

/** The ending of files and folders that are being written. */
const INCOMPLETE = ".incomplete";

/** A file of a snapshot. */
interface SnapshotFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** A file that was sent, and a text that changes with the file. */
interface SentFile extends SnapshotFile {
  readonly state: string;
}

/**
 * A job's checkpoints as objects: files under their hashes, and an index that names them all. The index is written last
 * and replaced whole, so a worker that is killed while it sends leaves the snapshot before.
 */
export class WorkSnapshot {
  readonly #objects: ObjectStore;
  /** The start of the objects' names. */
  readonly #start: string;
  readonly #folder: string;
  /** The files of the last call of {@link send}, by path. */
  #known = new Map<string, SentFile>();
  /** Hashes of files that are in the store. */
  #there = new Set<string>();
  #sent = "";

  constructor(objects: ObjectStore, { start, folder }: { readonly start: string; readonly folder: string }) {
    this.#objects = objects;
    this.#start = start;
    this.#folder = folder;
  }

  /** Makes the local folder that of the snapshot; an empty one if the snapshot is not whole. */
  async fetch(): Promise<void> {
    await this.#empty();
    const files = readIndex((await this.#objects.get(this.#index))?.text);
    for (const { path, sha256 } of files) {
      const whole = await this.#objects
        .download(this.#blob(sha256), join(this.#folder, path), { sha256 })
        .catch((error: unknown) => {
          if (error instanceof TsloraError && error.code === "bad-input") return false; // it was changed
          throw error;
        });
      if (!whole) return this.#empty();
      this.#there.add(sha256);
    }
    this.#sent = JSON.stringify({ files });
  }

  /** Sends the changes. Returns false if a file changed while it was sent: a later call sends it. */
  async send(): Promise<boolean> {
    const sent = await this.#sendFiles();
    if (sent === undefined) return false;
    const files = sent.map(({ path, bytes, sha256 }): SnapshotFile => ({ path, bytes, sha256 }));
    const index = JSON.stringify({ files });
    if (index === this.#sent) return true;
    await this.#objects.put(this.#index, index);
    this.#sent = index;
    const used = new Set(files.map(({ sha256 }) => sha256));
    for (const sha256 of [...this.#there]) {
      if (used.has(sha256)) continue;
      this.#there.delete(sha256);
      await this.#objects.remove(this.#blob(sha256));
    }
    return true;
  }

  /** Sends the files that the store lacks, one at a time; undefined if one changes or disappears meanwhile. */
  async #sendFiles(): Promise<readonly SentFile[] | undefined> {
    const known = new Map<string, SentFile>();
    try {
      const { files } = await listTree(this.#folder);
      for (const place of files.sort()) {
        const path = relative(this.#folder, place).split(sep).join("/");
        if (path.split("/").some((part) => part.endsWith(INCOMPLETE) || part.endsWith(LOCK_FILE))) continue;
        const file = await this.#sendFile(place, path);
        if (file === undefined) return undefined;
        known.set(path, file);
      }
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    this.#known = known;
    return [...known.values()];
  }

  /** Sends a file as long as it is now: a log may grow meanwhile. Undefined if it changes otherwise. */
  async #sendFile(place: string, path: string): Promise<SentFile | undefined> {
    const { size: bytes, ino, mtimeMs } = await stat(place);
    const state = [bytes, ino, mtimeMs].join(" ");
    const before = this.#known.get(path);
    if (before?.state === state && this.#there.has(before.sha256)) return before;
    const sha256 = await sha256OfFile(place, { end: bytes });
    if (!this.#there.has(sha256)) await this.#objects.upload(this.#blob(sha256), place, { bytes, sha256 });
    const now = await stat(place);
    const isSame = now.ino === ino && (now.size > bytes || (now.size === bytes && now.mtimeMs === mtimeMs));
    if (!isSame) return undefined;
    this.#there.add(sha256);
    return { path, bytes, sha256, state };
  }

  async #empty(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    makeFolder(this.#folder);
    this.#known = new Map();
    this.#there = new Set();
    this.#sent = "";
  }

  get #index(): string {
    return `${this.#start}index.json`;
  }

  #blob(sha256: string): string {
    return `${this.#start}files/${sha256}`;
  }
}

/** The files of an index. One that is not valid names none: the job then starts over. */
function readIndex(text: string | undefined): readonly SnapshotFile[] {
  const value = parseJson(text ?? "");
  if (!isRecord(value) || !Array.isArray(value.files)) return [];
  const files = value.files.filter(isSnapshotFile);
  return files.length === value.files.length ? files : [];
}

function isSnapshotFile(value: unknown): value is SnapshotFile {
  return (
    isRecord(value) &&
    typeof value.path === "string" &&
    staysInside(value.path) &&
    typeof value.bytes === "number" &&
    typeof value.sha256 === "string" &&
    /^[0-9a-f]{64}$/.test(value.sha256)
  );
}
