import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import type { DataFrame } from "danfojs-node";

import { parseUntrustedObject } from "../../base/files/parse-json-file";
import { readTextFile } from "../../base/files/read-text-file";
import { writeAtomically } from "../../base/files/write-atomically";
import { normaliseText } from "../../corpus/split/find-leaks";
import { readFrame } from "../../corpus/read-frame";

/** The file in a run's output folder that identifies the texts that it was trained on. */
export const TRAINED_TEXTS = "trained_texts.json";

/** Writes the hash of each text that a run is trained on; the texts themselves cannot be read out of it. */
export async function writeTrainedTexts(outputDir: string, train: DataFrame): Promise<void> {
  const hashes = [...new Set(readFrame(train).texts.map(hashOf))].sort();
  await writeAtomically(join(outputDir, TRAINED_TEXTS), `${JSON.stringify({ hash: "sha256/64", hashes })}\n`);
}

/**
 * Counts the texts that the run of an adapter or a model was trained on.
 *
 * @param folder - the adapter's, model's or checkpoint's folder, in the run's output folder or that folder itself
 * @returns undefined where nothing is known of the run's texts
 */
export async function countTrainedTexts(folder: string, frame: DataFrame): Promise<number | undefined> {
  const path = [folder, dirname(resolve(folder))]
    .map((place) => join(place, TRAINED_TEXTS))
    .find((place) => existsSync(place));
  if (path === undefined) return undefined;
  const { hashes } = parseUntrustedObject(await readTextFile(path), path);
  const known = new Set<unknown>(Array.isArray(hashes) ? hashes : []);
  return readFrame(frame).texts.filter((text) => known.has(hashOf(text))).length;
}

/** The first 64 bits of a text's SHA-256, case, punctuation and white space aside. */
function hashOf(text: string): string {
  return createHash("sha256").update(normaliseText(text)).digest("base64url").slice(0, 11);
}
