import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { parseUntrustedJson } from "../../base/files/parse-json-file";
import { readTextFile } from "../../base/files/read-text-file";
import { shownPath } from "../../base/shown-path";
import { isRecord } from "../../base/json";

/** The part of `train`'s record beside an adapter that is needed to use it. */
export interface RunRecord {
  readonly path: string;
  /** The model that was trained on: a folder, or a name. */
  readonly model?: string;
  readonly labels: readonly string[];
  readonly maxLength?: number;
  readonly problemType?: "single_label_classification" | "multi_label_classification";
}

export const TRAINING_ARGS = "training_args.json";

/**
 * The record of the run that an adapter or a checkpoint is from: in its folder, or in the one above. A checkpoint's own
 * file of that name says how it was trained, and not what its labels are called.
 */
export async function readRunRecord(folder: string): Promise<RunRecord | undefined> {
  for (const place of [folder, dirname(resolve(folder))]) {
    const path = join(place, TRAINING_ARGS);
    if (!existsSync(path)) continue;
    const value = parseUntrustedJson(await readTextFile(path), shownPath(path));
    if (!isRecord(value) || !Array.isArray(value.labels) || !value.labels.every((name) => typeof name === "string"))
      continue;
    const { model, labels, maxLength, problemType } = value;
    return {
      path,
      ...(typeof model === "string" ? { model } : {}),
      labels,
      ...(typeof maxLength === "number" ? { maxLength } : {}),
      ...(problemType === "single_label_classification" || problemType === "multi_label_classification"
        ? { problemType }
        : {}),
    };
  }
  return undefined;
}
