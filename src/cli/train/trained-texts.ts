import { createHash } from "node:crypto";
import { join } from "node:path";

import type { DataFrame } from "danfojs-node";

import { findRunFile } from "../../base/files/find-run-file";
import { parseUntrustedObject } from "../../base/files/parse-json-file";
import { readTextFile } from "../../base/files/read-text-file";
import type { TextInput } from "../../base/text-input";
import { writeAtomically } from "../../base/files/write-atomically";
import { normaliseInput } from "../../corpus/split/find-leaks";
import { textInputs } from "../../corpus/read-frame";

/** The file in a run's output folder with the hashes of its training texts. */
export const TRAINED_TEXTS = "trained_texts.json";

/** Writes the hash of each training text; the texts cannot be recovered from it. */
export async function writeTrainedTexts(outputDir: string, train: DataFrame): Promise<void> {
  const hashes = [...new Set(textInputs(train).map(hashOf))].sort();
  await writeAtomically(join(outputDir, TRAINED_TEXTS), `${JSON.stringify({ hash: "sha256/64", hashes })}\n`);
}

/**
 * Counts the texts that were training texts of an adapter's or a model's run.
 *
 * @param folder - the adapter's, model's or checkpoint's folder, in the run's output folder or that folder itself
 * @returns undefined if the run's texts are unknown
 */
export async function countTrainedTexts(folder: string, frame: DataFrame): Promise<number | undefined> {
  const path = findRunFile(folder, TRAINED_TEXTS);
  if (path === undefined) return undefined;
  const { hashes } = parseUntrustedObject(await readTextFile(path), path);
  const known = new Set<unknown>(Array.isArray(hashes) ? hashes : []);
  return textInputs(frame).filter((text) => known.has(hashOf(text))).length;
}

/** The first 64 bits of a text's SHA-256, ignoring case, punctuation and white space. */
function hashOf(text: TextInput): string {
  return createHash("sha256").update(normaliseInput(text)).digest("base64url").slice(0, 11);
}
