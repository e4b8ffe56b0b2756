import { createHash } from "node:crypto";

import { canonicalSha256 } from "../base/canonical-json";
import { codeHash } from "../base/code-hash";
import type { LabelledText } from "../evaluation/labelled-texts";
import type { PlannedRun } from "./planned-run";

/** Rooms whose code can change a result. */
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

/** The inputs that all runs of an experiment share. */
export interface SharedKey {
  /** Hash of the code, see {@link experimentCodeHash}. */
  readonly code: string;
  /** Hash of the model's files, see {@link folderHash}. */
  readonly model: string;
  readonly labels: readonly string[];
  readonly maxLength: number;
  /** Device and instruction set: on other ones, results differ by rounding. */
  readonly device: string;
}

/** The key of a run: the SHA-256 of all inputs of its result. The method's name is not one of them. */
export function runKey({ method, part, seed, train, validation, test }: PlannedRun, shared: SharedKey): string {
  const settings = { ...method, name: undefined };
  const texts = [train, validation, test].map(textsHash);
  return canonicalSha256({ ...shared, settings, part, seed, texts });
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

/** The SHA-256 of the code that can change results: the compiled files of {@link ROOMS}. */
export function experimentCodeHash(): Promise<string> {
  return codeHash(ROOMS);
}
