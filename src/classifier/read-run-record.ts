import { existsSync } from "node:fs";

import { runFilePlaces } from "../base/files/find-run-file";
import { parseUntrustedJson } from "../base/files/parse-json-file";
import { readTextFile } from "../base/files/read-text-file";
import { shownPath } from "../base/shown-path";
import { isRecord } from "../base/json";

/** The part of the run's record that is needed to use an adapter; `train` writes it beside the adapter. */
export interface RunRecord {
  readonly path: string;
  /** The model that was trained: a folder, or a name. */
  readonly model?: string;
  readonly labels: readonly string[];
  readonly maxLength?: number;
  readonly problemType?: "single_label_classification" | "multi_label_classification";
}

export const TRAINING_ARGS = "training_args.json";

/**
 * Reads the record of the run that wrote an adapter or a checkpoint, from its folder or the one above. A checkpoint's
 * own file of that name holds training options without the labels' names.
 */
export async function readRunRecord(folder: string): Promise<RunRecord | undefined> {
  for (const path of runFilePlaces(folder, TRAINING_ARGS)) {
    if (!existsSync(path)) continue;
    const value = parseUntrustedJson(await readTextFile(path), shownPath(path));
    if (!isRecord(value) || !Array.isArray(value.labels) || !value.labels.every((name) => typeof name === "string"))
      continue;
    const { model, labels, maxLength, problemType = problemTypeOf(value) } = value;
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

/** The problem type of a run of `tslora train`, whose options say whether a text may have several labels. */
function problemTypeOf({ multiLabel, labelColumns }: Readonly<Record<string, unknown>>): string {
  return multiLabel === true || Array.isArray(labelColumns)
    ? "multi_label_classification"
    : "single_label_classification";
}
