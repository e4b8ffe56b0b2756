import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { readTextFile } from "../../base/files/read-text-file";
import { writeAtomically } from "../../base/files/write-atomically";
import { sha256Of } from "../../base/sha256-of";
import type { PubmedRecord } from "./parse-pubmed-xml";

/** The records received so far, in a file for each response. A stopped fetch continues from them. */
export class RecordCache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** All cached records, by PMID. Ignores an invalid file: its records are fetched again. */
  async read(): Promise<Map<string, PubmedRecord>> {
    const records = new Map<string, PubmedRecord>();
    const names = await readdir(this.#folder).catch(() => []);
    for (const name of names.filter((candidate) => candidate.endsWith(".json"))) {
      for (const record of parseRecords(await readTextFile(join(this.#folder, name)))) records.set(record.pmid, record);
    }
    return records;
  }

  async add(records: readonly PubmedRecord[]): Promise<void> {
    if (records.length === 0) return;
    const key = sha256Of(records.map(({ pmid }) => pmid).join()).slice(0, 16);
    await writeAtomically(join(this.#folder, `${key}.json`), JSON.stringify(records));
  }

  async clear(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function parseRecords(json: string): PubmedRecord[] {
  try {
    const value: unknown = JSON.parse(json);
    return Array.isArray(value) ? value.filter(isRecord) : [];
  } catch {
    return [];
  }
}

function isRecord(value: unknown): value is PubmedRecord {
  if (typeof value !== "object" || value === null) return false;
  const { pmid, title, abstract, retracted } = value as Record<string, unknown>;
  return (
    typeof pmid === "string" &&
    typeof title === "string" &&
    typeof abstract === "string" &&
    typeof retracted === "boolean"
  );
}
