import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { writeAtomically } from "../base/files/write-atomically";
import { isRecord } from "../base/json";
import { sha256Of } from "../base/sha256-of";
import type { RunResult } from "./run-result";

/**
 * A result that was found, or the reason for computing it: none was stored in the current format, or the stored file is
 * damaged.
 */
export type CachedRun =
  | { readonly kind: "found"; readonly result: RunResult }
  | { readonly kind: "missing" }
  | { readonly kind: "damaged"; readonly path: string };

/** The format of a stored run. A change of {@link RunResult} needs another number. */
const FORMAT = 1;

/** Finished runs in a folder: one file per run, named by the run's key, with the SHA-256 of the result. */
export class RunCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async read(key: string): Promise<CachedRun> {
    const path = this.#path(key);
    let text: string;
    try {
      text = await readFile(path, "utf8");
    } catch (error) {
      if (isRecord(error) && error.code === "ENOENT") return { kind: "missing" };
      throw error;
    }
    const stored = parse(text);
    if (typeof stored?.format === "number" && stored.format !== FORMAT) return { kind: "missing" };
    return stored?.format === FORMAT && stored.sha256 === digest(stored.result)
      ? { kind: "found", result: stored.result as RunResult }
      : { kind: "damaged", path };
  }

  /** Stores a result under a temporary name and renames the file, so that a killed process leaves no part of it. */
  async write(key: string, result: RunResult): Promise<void> {
    await writeAtomically(this.#path(key), `${JSON.stringify({ format: FORMAT, sha256: digest(result), result })}\n`);
  }

  #path(key: string): string {
    return join(this.#folder, key.slice(0, 2), `${key}.json`);
  }
}

function parse(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const digest = (result: unknown): string => sha256Of(JSON.stringify(result) ?? "");
