import { basename, resolve } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { findRunFile } from "../../base/files/find-run-file";
import { readJsonObject } from "../../base/files/parse-json-file";
import { isRecord, type JsonRecord } from "../../base/json";
import type { CardEvaluation, ModelCardInfo } from "./card-info";
import { TRAINING_SETTINGS } from "./training-settings";

/** Facts that the files of a run hold, for a model card. */
export type RunFacts = Pick<
  ModelCardInfo,
  | "data"
  | "seed"
  | "after"
  | "before"
  | "baseline"
  | "validation"
  | "training"
  | "trainableParameters"
  | "steps"
  | "elapsed"
  | "device"
  | "banner"
  | "warnings"
>;

/**
 * Reads what a run recorded about an adapter or a model: `training_args.json` and `results.json` in its folder or the
 * one above. A fact that no file holds is missing from the result.
 *
 * @throws TsloraError `bad-input` for a file that is not JSON.
 */
export async function readRunFacts(folder: string): Promise<RunFacts> {
  const [args, results] = [await recordOf(folder, "training_args.json"), await recordOf(folder, "results.json")];
  const { notices, trainableParameters: counts, training = {} } = results;
  const steps = isRecord(training) ? numberOf(training.steps) : undefined;
  return defined({
    data: dataOf(args, results),
    seed: numberOf(results.seed) ?? numberOf(args.seed),
    after: evaluationOf(results.after),
    before: evaluationOf(results.before),
    baseline: evaluationOf(results.baseline),
    validation: evaluationOf(results.validation),
    training: defined(Object.fromEntries(TRAINING_SETTINGS.map((name) => [name, args[name]]))),
    trainableParameters: countsOf(counts),
    steps:
      steps === undefined
        ? undefined
        : { done: steps, best: isRecord(training) ? numberOf(training.bestStep) : undefined },
    elapsed: numberOf(results.elapsed),
    device: isRecord(results.device) ? textOf(results.device.name) : undefined,
    banner: textOf(results.banner),
    warnings: Array.isArray(notices)
      ? notices.flatMap((text) => (typeof text === "string" && text.startsWith("Warning: ") ? [text] : []))
      : undefined,
  });
}

/** The record of a run, in an adapter's or model's folder or the one above; empty if there is none. */
async function recordOf(folder: string, name: string): Promise<JsonRecord> {
  const path = findRunFile(resolve(expandHome(folder)), name);
  return path === undefined ? {} : readJsonObject(path);
}

function dataOf(args: JsonRecord, results: JsonRecord): RunFacts["data"] {
  const name = textOf(results.dataName) ?? textOf(args.data) ?? textOf(results.data);
  if (name === undefined) return undefined;
  const kind = textOf(results.data);
  const names: Readonly<Record<string, string>> = { sample: "the embedded sample", pubmed: "abstracts from PubMed" };
  return { name: names[name] ?? basename(name), ...(kind === undefined ? {} : { kind }) };
}

function evaluationOf(value: unknown): CardEvaluation | undefined {
  const isEvaluation =
    isRecord(value) &&
    typeof value.n === "number" &&
    typeof value.accuracy === "number" &&
    Array.isArray(value.perLabel) &&
    value.perLabel.every(
      (label) => isRecord(label) && typeof label.name === "string" && typeof label.recall === "number",
    );
  return isEvaluation ? (value as unknown as CardEvaluation) : undefined;
}

function countsOf(value: unknown): RunFacts["trainableParameters"] {
  if (!isRecord(value)) return undefined;
  const [trainable, all] = [numberOf(value.trainable), numberOf(value.all)];
  return trainable === undefined || all === undefined ? undefined : { trainable, all };
}

const numberOf = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;
const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

/** The fields that have a value. */
function defined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
