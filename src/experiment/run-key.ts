import { createHash, type Hash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import type { LabelledText } from "../evaluation/labelled-texts";
import type { PlannedRun } from "./planned-run";

/** Rooms whose code decides a result. */
const ROOMS = [
  "base",
  "classifier",
  "corpus",
  "device",
  "evaluation",
  "experiment",
  "lora",
  "model",
  "ops",
  "tokenizer",
  "training",
];

/** Everything that decides the results of all runs of an experiment. */
export interface SharedKey {
  /** Hash of the code, see {@link codeHash}. */
  readonly code: string;
  /** Hash of the model's files, see {@link folderHash}. */
  readonly model: string;
  readonly labels: readonly string[];
  readonly maxLength: number;
  /** Device and instruction set: results of others differ by rounding. */
  readonly device: string;
}

/** The key of a run: the SHA-256 of everything that decides its result. The method's name is not part of it. */
export function runKey({ method, part, seed, train, validation, test }: PlannedRun, shared: SharedKey): string {
  const settings = { ...method, name: undefined };
  const texts = [train, validation, test].map(textsHash);
  return createHash("sha256")
    .update(canonical({ ...shared, settings, part, seed, texts }))
    .digest("hex");
}

const known = new WeakMap<readonly LabelledText[], string>(); // methods share their texts

function textsHash(rows: readonly LabelledText[]): string {
  const found = known.get(rows);
  if (found !== undefined) return found;
  const hash = createHash("sha256");
  for (const { text, textPair, label } of rows) hash.update(`${JSON.stringify([text, textPair ?? null, label])}\n`);
  const digest = hash.digest("hex");
  known.set(rows, digest);
  return digest;
}

/** JSON with the keys of every object in order; absent and undefined entries are the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

/** The SHA-256 of the code that decides results: the compiled files of the rooms. */
export async function codeHash(): Promise<string> {
  const hash = createHash("sha256");
  for (const room of ROOMS) await hashFolder(join(__dirname, "..", room), hash, /\.js$/);
  return hash.digest("hex");
}

async function hashFolder(folder: string, hash: Hash, named: RegExp): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await hashFolder(path, hash, named);
    else if (named.test(entry.name)) hash.update(`${entry.name}\n`).update(await readFile(path));
  }
}
