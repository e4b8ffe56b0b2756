import { existsSync } from "node:fs";
import { join } from "node:path";

import { readJsonObject } from "../../base/files/parse-json-file";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { writeAtomically } from "../../base/files/write-atomically";
import { shownPath } from "../../base/shown-path";
import { shownNames } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";

const WEIGHTS = ["adapter_model.safetensors", "adapter_model.bin", "model.safetensors", "pytorch_model.bin"];
const VERSION = 1;

/** Options of reading and writing a file beside the weights. */
export interface StoredOptions {
  /** The classifier's labels, in their order. */
  readonly labels: readonly string[];
}

/** The remedy that messages about a file beside the weights give. */
export interface MadeBy {
  /** The command that writes the file, such as `npx tslora calibrate`. */
  readonly madeBy: string;
}

/**
 * Writes what was fitted for the weights of a folder into it, with the labels and the SHA-256 of the weights.
 *
 * @returns the file's path
 */
export async function saveBesideWeights(
  directory: string,
  name: string,
  { labels, content }: { labels: readonly string[]; content: object },
): Promise<string> {
  const path = join(directory, name);
  const weights = await hashOfWeights(directory);
  await writeAtomically(path, `${JSON.stringify({ version: VERSION, labels, weights, ...content }, undefined, 1)}\n`);
  return path;
}

/**
 * Reads such a file.
 *
 * @returns undefined if the folder has none
 * @throws TsloraError `bad-input` if it was fitted for other weights or labels, or is not such a file.
 */
export async function loadBesideWeights(
  directory: string,
  name: string,
  { labels, madeBy }: StoredOptions & MadeBy,
): Promise<Record<string, unknown> | undefined> {
  const path = join(directory, name);
  if (!existsSync(path)) return undefined;
  const stored = await readJsonObject(path);
  const isOurs = stored.version === VERSION && (stored.weights === null || typeof stored.weights === "string");
  if (!isOurs || !Array.isArray(stored.labels)) throw notOurs(path, { madeBy });
  const again = `Make it again with ${madeBy}, or remove it.`;
  const own: readonly unknown[] = stored.labels;
  if (own.length !== labels.length || labels.some((label, i) => label !== own[i]))
    throw new TsloraError(
      "bad-input",
      `${shownPath(path)} must be for the labels ${shownNames(labels)}; it is for ${shownNames(own.map(String))}. ${again}`,
    );
  if (stored.weights !== (await hashOfWeights(directory)))
    throw new TsloraError(
      "bad-input",
      `${shownPath(path)} must be for the weights in its folder; they have changed since it was made. ${again}`,
    );
  return stored;
}

/** The SHA-256 of a folder's weights; null if it has none of the usual names, such as weights in parts. */
async function hashOfWeights(directory: string): Promise<string | null> {
  const name = WEIGHTS.find((file) => existsSync(join(directory, file)));
  return name === undefined ? null : sha256OfFile(join(directory, name));
}

/** The error for a file that holds something else than its command writes. */
export function notOurs(path: string, { madeBy }: MadeBy): TsloraError {
  return new TsloraError(
    "bad-input",
    `${shownPath(path)} must be a file that ${madeBy} writes; it holds something else. Make it again, or remove it.`,
  );
}
