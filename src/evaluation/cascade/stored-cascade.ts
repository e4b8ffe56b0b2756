import { join } from "node:path";

import { readJsonObject } from "../../base/files/parse-json-file";
import { isRecord } from "../../base/json";
import { loadBesideWeights, notOurs, saveBesideWeights, type StoredOptions } from "../calibration/beside-weights";
import type { Cascade } from "./cascade";

/** The file beside an adapter's or a model's weights. */
export const CASCADE_FILE = "cascade.json";

const MADE_BY = { madeBy: "npx tslora calibrate --cascade FILE" } as const;

/**
 * Writes a cascade as `cascade.json` into the folder of the adapter, or of the model, in front of which it is used,
 * with the SHA-256 of the weights.
 *
 * @returns the file's path
 */
export function saveCascade(directory: string, cascade: Cascade): Promise<string> {
  return saveBesideWeights(directory, CASCADE_FILE, { labels: cascade.labels, content: { cascade } });
}

/**
 * Reads the `cascade.json` of an adapter's or a model's folder.
 *
 * @returns undefined if the folder has none
 * @throws TsloraError `bad-input` if it was fitted for other weights or labels, or is not such a file.
 */
export async function loadCascade(directory: string, options: StoredOptions): Promise<Cascade | undefined> {
  const stored = await loadBesideWeights(directory, CASCADE_FILE, { ...options, ...MADE_BY });
  return stored === undefined ? undefined : cascadeOf(stored, join(directory, CASCADE_FILE));
}

/** Reads a copy of a `cascade.json`, without looking at the weights. @internal */
export async function readCascadeFile(path: string): Promise<Cascade> {
  return cascadeOf(await readJsonObject(path), path);
}

function cascadeOf({ cascade }: Record<string, unknown>, path: string): Cascade {
  if (isCascade(cascade)) return cascade;
  throw notOurs(path, MADE_BY);
}

function isCascade(value: unknown): value is Cascade {
  if (!isRecord(value) || !isRecord(value.recall)) return false;
  const {
    labels,
    positive,
    threshold,
    encoderThreshold,
    encoderCalibration,
    intercept,
    ngramRange,
    terms,
    idf,
    coef,
    recall,
  } = value;
  const names = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((one) => typeof one === "string");
  const numbers = (list: unknown): list is number[] => Array.isArray(list) && list.every(Number.isFinite);
  return (
    names(labels) &&
    labels.length === 2 &&
    (positive === 0 || positive === 1) &&
    Number.isFinite(threshold) &&
    (encoderThreshold === undefined || Number.isFinite(encoderThreshold)) &&
    (encoderCalibration === undefined || typeof encoderCalibration === "string") &&
    Number.isFinite(intercept) &&
    numbers(ngramRange) &&
    ngramRange.length === 2 &&
    names(terms) &&
    numbers(idf) &&
    numbers(coef) &&
    idf.length === terms.length &&
    coef.length === terms.length &&
    (recall.counts === "found" || recall.counts === "labelled") &&
    ["positives", "missed", "loss", "lossBound", "confidence", "negativesPassed", "negatives"].every((key) =>
      Number.isFinite(recall[key]),
    )
  );
}
