import { join } from "node:path";

import { isRecord } from "../../base/json";
import type { Conformal } from "../conformal/conformal";
import { loadBesideWeights, notOurs, saveBesideWeights, type StoredOptions } from "./beside-weights";
import type { Calibration } from "./calibration";

export type { StoredOptions } from "./beside-weights";

/** Names of the files in the folder of an adapter's or a model's weights. */
export const CALIBRATION_FILE = "calibration.json";
export const CONFORMAL_FILE = "conformal.json";

const MADE_BY = { madeBy: "npx tslora calibrate" } as const;

/**
 * Writes a calibration as `calibration.json` into the folder of the adapter, or of the model, that it was fitted for,
 * with the labels and the SHA-256 of the weights.
 *
 * @returns the file's path
 */
export function saveCalibration(directory: string, calibration: Calibration, options: StoredOptions): Promise<string> {
  return saveBesideWeights(directory, CALIBRATION_FILE, { ...options, content: { calibration } });
}

/** Writes the scores of `fitConformal` as `conformal.json`; see {@link saveCalibration}. */
export function saveConformal(directory: string, conformal: Conformal, options: StoredOptions): Promise<string> {
  return saveBesideWeights(directory, CONFORMAL_FILE, { ...options, content: { conformal } });
}

/**
 * Reads the `calibration.json` of an adapter's or a model's folder.
 *
 * @returns undefined if the folder has none
 * @throws TsloraError `bad-input` if it was fitted for other weights or labels, or is not such a file.
 */
export async function loadCalibration(directory: string, options: StoredOptions): Promise<Calibration | undefined> {
  const stored = await loadBesideWeights(directory, CALIBRATION_FILE, { ...options, ...MADE_BY });
  if (stored === undefined) return undefined;
  if (isCalibration(stored.calibration)) return stored.calibration;
  throw notOurs(join(directory, CALIBRATION_FILE), MADE_BY);
}

/** Reads the `conformal.json` of a folder; see {@link loadCalibration}. */
export async function loadConformal(directory: string, options: StoredOptions): Promise<Conformal | undefined> {
  const stored = await loadBesideWeights(directory, CONFORMAL_FILE, { ...options, ...MADE_BY });
  if (stored === undefined) return undefined;
  if (isConformal(stored.conformal)) return stored.conformal;
  throw notOurs(join(directory, CONFORMAL_FILE), MADE_BY);
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
