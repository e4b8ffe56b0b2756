import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

import { readJsonObject } from "../../base/files/parse-json-file";
import { writeAtomically } from "../../base/files/write-atomically";
import { isRecord } from "../../base/json";
import { shownPath } from "../../base/shown-path";
import { shownNames } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { Conformal } from "../conformal/conformal";
import type { Calibration } from "./calibration";

/** Names of the files in the folder of an adapter's or a model's weights. */
export const CALIBRATION_FILE = "calibration.json";
export const CONFORMAL_FILE = "conformal.json";

const WEIGHTS = ["adapter_model.safetensors", "adapter_model.bin", "model.safetensors", "pytorch_model.bin"];
const VERSION = 1;

/** Options of reading and writing a fitted calibration. */
export interface StoredOptions {
  /** The classifier's labels, in their order. */
  readonly labels: readonly string[];
}

/**
 * Writes a calibration as `calibration.json` into the folder of the adapter, or of the model, that it was fitted for,
 * with the labels and the SHA-256 of the weights.
 *
 * @returns the file's path
 */
export function saveCalibration(directory: string, calibration: Calibration, options: StoredOptions): Promise<string> {
  return save(directory, CALIBRATION_FILE, { ...options, content: { calibration } });
}

/** Writes the scores of `fitConformal` as `conformal.json`; see {@link saveCalibration}. */
export function saveConformal(directory: string, conformal: Conformal, options: StoredOptions): Promise<string> {
  return save(directory, CONFORMAL_FILE, { ...options, content: { conformal } });
}

/**
 * Reads the `calibration.json` of an adapter's or a model's folder.
 *
 * @returns undefined if the folder has none
 * @throws TsloraError `bad-input` if it was fitted for other weights or labels, or is not such a file.
 */
export async function loadCalibration(directory: string, options: StoredOptions): Promise<Calibration | undefined> {
  const stored = await load(directory, CALIBRATION_FILE, options);
  if (stored === undefined) return undefined;
  if (isCalibration(stored.calibration)) return stored.calibration;
  throw notOurs(join(directory, CALIBRATION_FILE));
}

/** Reads the `conformal.json` of a folder; see {@link loadCalibration}. */
export async function loadConformal(directory: string, options: StoredOptions): Promise<Conformal | undefined> {
  const stored = await load(directory, CONFORMAL_FILE, options);
  if (stored === undefined) return undefined;
  if (isConformal(stored.conformal)) return stored.conformal;
  throw notOurs(join(directory, CONFORMAL_FILE));
}

async function save(
  directory: string,
  name: string,
  { labels, content }: { labels: readonly string[]; content: object },
): Promise<string> {
  const path = join(directory, name);
  const weights = await hashOfWeights(directory);
  await writeAtomically(path, `${JSON.stringify({ version: VERSION, labels, weights, ...content }, undefined, 1)}\n`);
  return path;
}

async function load(
  directory: string,
  name: string,
  { labels }: StoredOptions,
): Promise<Record<string, unknown> | undefined> {
  const path = join(directory, name);
  if (!existsSync(path)) return undefined;
  const stored = await readJsonObject(path);
  if (stored.version !== VERSION || !Array.isArray(stored.labels)) throw notOurs(path);
  const again = "Make it again with npx tslora calibrate, or remove it.";
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
  if (name === undefined) return null;
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(directory, name)), hash);
  return hash.digest("hex");
}

function notOurs(path: string): TsloraError {
  return new TsloraError(
    "bad-input",
    `${shownPath(path)} must be a file of npx tslora calibrate; it holds something else. Make it again, or remove it.`,
  );
}

function isCalibration(value: unknown): value is Calibration {
  if (!isRecord(value) || !isCount(value.classes) || !isCount(value.n)) return false;
  if (value.method === "temperature") return isNumber(value.temperature) && value.temperature > 0;
  if (!Array.isArray(value.curves) || value.curves.length !== (value.classes === 2 ? 1 : value.classes)) return false;
  const { curves }: { curves?: unknown[] } = value;
  if (value.method === "sigmoid")
    return curves?.every((curve) => isRecord(curve) && isNumber(curve.a) && isNumber(curve.b)) ?? false;
  return value.method === "isotonic" && (curves?.every((curve) => isRecord(curve) && isSteps(curve)) ?? false);
}

function isSteps({ x, y }: Record<string, unknown>): boolean {
  if (!isAscending(x) || !isAscending(y)) return false;
  return x.length === y.length && x.length > 0 && y[0] >= 0 && y[y.length - 1] <= 1;
}

function isConformal(value: unknown): value is Conformal {
  if (!isRecord(value) || !isCount(value.classes) || !Array.isArray(value.scores)) return false;
  const { score, classConditional, classes } = value;
  if ((score !== "lac" && score !== "aps") || typeof classConditional !== "boolean") return false;
  return value.scores.length === (classConditional ? classes : 1) && value.scores.every(isAscending);
}

function isAscending(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((one, i) => isNumber(one) && (i === 0 || one >= Number(value[i - 1])));
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 1;
}

function isNumber(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
