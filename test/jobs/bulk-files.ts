import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import {
  predictFiles,
  type PredictFilesEvent,
  type PredictFilesSummary,
} from "../../src/jobs/prediction/predict-files";
import type { PredictFilesOptions } from "../../src/jobs/prediction/predict-files-options";
import { inProcessDriver } from "./in-process-driver";

/** A line of `predictions.jsonl`. */
export interface PredictedLine {
  readonly id?: string;
  readonly pmid?: string;
  readonly version?: number;
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>>;
  readonly by: "encoder" | "tfidf";
  readonly model: string;
}

/** Runs a prediction to its end, in this process unless options say otherwise. */
export async function predictAll(
  inputs: string | readonly string[],
  options: PredictFilesOptions,
): Promise<{ readonly summary: PredictFilesSummary; readonly events: readonly PredictFilesEvent[] }> {
  const events: PredictFilesEvent[] = [];
  const run = predictFiles(inputs, { driver: inProcessDriver(options.output), ...options });
  for (;;) {
    const { done, value } = await run.next();
    if (done === true) return { summary: value, events };
    events.push(value);
  }
}

/** The predictions of a shard's folder. */
export async function linesOf(folder: string): Promise<PredictedLine[]> {
  const [name] = (await readdir(folder)).filter((file) => file.startsWith("predictions."));
  const bytes = await readFile(join(folder, name));
  const text = (name.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as PredictedLine);
}

/** SHA-256 of every file of the results, by path. */
export async function hashesOf(output: string): Promise<Record<string, string>> {
  const results = join(output, "results");
  const hashes: Record<string, string> = {};
  for (const shard of (await readdir(results)).sort())
    for (const file of (await readdir(join(results, shard))).sort())
      hashes[`${shard}/${file}`] = createHash("sha256")
        .update(await readFile(join(results, shard, file)))
        .digest("hex");
  return hashes;
}
