import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { TsloraError, type TsloraErrorCode } from "../../src/base/tslora-error";
import type { Corpus } from "../../src/corpus/corpus";
import { loadCorpus } from "../../src/corpus/load-corpus";
import type { LoadCorpusOptions } from "../../src/corpus/load-options";
import { readFrame } from "../../src/corpus/read-frame";
import { cancer, makeZip, other, type ZipEntry } from "./zips";

/** Writes a file into a test's folder; returns its path. */
export async function put(folder: string, name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}

/** Loads the corpus of an archive with these entries. */
export const loadZip = async (
  folder: string,
  entries: readonly ZipEntry[],
  options?: LoadCorpusOptions,
): Promise<Corpus> => loadCorpus(await put(folder, "Dataset.zip", await makeZip(entries)), options);

export const idsOf = (corpus: Corpus): string[] => readFrame(corpus.frame).ID;

/** Checks an error's code, and that its message has these parts. */
export function refused(code: TsloraErrorCode, ...parts: RegExp[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TsloraError, String(error));
    assert.equal(error.code, code, error.message);
    for (const part of parts) assert.match(error.message, part);
    return true;
  };
}

/** Entries of a small corpus in the study's format. */
export const goodEntries = [cancer("102"), cancer("101"), other("201"), other("202")];
