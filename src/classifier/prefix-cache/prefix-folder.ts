import { randomBytes } from "node:crypto";
import { open, readdir, rm, utimes, type FileHandle } from "node:fs/promises";
import { join } from "node:path";

import { isMissing } from "../../base/files/error-code";
import { notSaved } from "../../base/files/file-fault";
import { makeFolder } from "../../base/files/make-folder";
import { writeAtomically } from "../../base/files/write-atomically";
import { areWhole, cacheFileParts, readPlaces, readValues, type CachedPlace } from "./cache-file";

/** The ending of the cache's files. */
export const CACHE_FILE = ".prefix";

/** The files of one prefix. Several processes may read and add files at once: a file never changes once it is there. */
export class PrefixFolder {
  readonly #places = new Map<string, CachedPlace & { readonly file: string }>();

  private constructor(
    readonly path: string,
    readonly key: string,
  ) {}

  /** Opens the folder of a key in the cache's folder, and marks it as used now. */
  static open(directory: string, key: string): PrefixFolder {
    const path = join(directory, key);
    try {
      makeFolder(path);
    } catch (error) {
      throw notSaved(path, error);
    }
    return new PrefixFolder(path, key);
  }

  /** Whether a text's results are in a file. */
  has(text: string): boolean {
    return this.#places.has(text);
  }

  /**
   * Lists the texts that are in the files, and removes damaged files.
   *
   * @returns the number of files that were damaged
   */
  async scan(): Promise<number> {
    this.#places.clear();
    const now = new Date();
    await utimes(this.path, now, now).catch(() => undefined); // the least recently used folders are removed first
    let damaged = 0;
    for (const name of (await readdir(this.path)).filter((candidate) => candidate.endsWith(CACHE_FILE)).sort()) {
      const places = await this.#withFile(name, (file) => readPlaces(file, this.key));
      if (places === "missing") continue;
      if (places === undefined) {
        await rm(join(this.path, name), { force: true });
        damaged++;
        continue;
      }
      for (const place of places) this.#places.set(place.text, { ...place, file: name });
    }
    return damaged;
  }

  /**
   * Reads the results of texts, one file after the other. Yields each result whose hash is right. A file with a wrong
   * hash is removed.
   */
  async *readAll(texts: Iterable<string>): AsyncGenerator<{ text: string; values: Float32Array } | "damaged file"> {
    const byFile = new Map<string, CachedPlace[]>();
    for (const text of texts) {
      const place = this.#places.get(text);
      if (place !== undefined) byFile.set(place.file, [...(byFile.get(place.file) ?? []), place]);
    }
    for (const [name, places] of byFile) {
      for (const place of places) {
        const values = await this.#withFile(name, (file) => readValues(file, place));
        if (values !== "missing" && values !== undefined && areWhole(values, place)) {
          yield { text: place.text, values };
          continue;
        }
        for (const [text, { file }] of this.#places) if (file === name) this.#places.delete(text);
        await rm(join(this.path, name), { force: true });
        yield "damaged file";
        break;
      }
    }
  }

  /** A text's results; undefined if no file holds them (any more). */
  async read(text: string): Promise<Float32Array | undefined> {
    const place = this.#places.get(text);
    if (place === undefined) return undefined;
    const values = await this.#withFile(place.file, (file) => readValues(file, place));
    return values === "missing" ? undefined : values;
  }

  /**
   * Writes texts' results into a new file.
   *
   * @throws TsloraError `not-saved`, for example if the disk is full. No part of the file is left.
   */
  async add(texts: readonly { readonly text: string; readonly values: Float32Array }[]): Promise<void> {
    const name = `${randomBytes(8).toString("hex")}${CACHE_FILE}`;
    const path = join(this.path, name);
    // Needs no sync: if a crash cuts the file off, its hash shows that.
    await writeAtomically(path, cacheFileParts(this.key, texts), { sync: false });
    const places = await this.#withFile(name, (file) => readPlaces(file, this.key));
    if (places === "missing" || places === undefined) return; // removed by another process meanwhile
    for (const place of places) this.#places.set(place.text, { ...place, file: name });
  }

  /** Removes the files that hold none of the given texts. */
  async removeAllBut(texts: ReadonlySet<string>): Promise<void> {
    const needed = new Set([...this.#places].flatMap(([text, { file }]) => (texts.has(text) ? [file] : [])));
    for (const [text, { file }] of this.#places) if (!needed.has(file)) this.#places.delete(text);
    for (const name of await readdir(this.path))
      if (name.endsWith(CACHE_FILE) && !needed.has(name)) await rm(join(this.path, name), { force: true });
  }

  async #withFile<T>(name: string, use: (file: FileHandle) => Promise<T>): Promise<T | "missing"> {
    let file: FileHandle;
    try {
      file = await open(join(this.path, name), "r");
    } catch (error) {
      if (isMissing(error)) return "missing";
      throw error;
    }
    try {
      return await use(file);
    } finally {
      await file.close();
    }
  }
}
