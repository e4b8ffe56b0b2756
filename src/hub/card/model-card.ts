import { basename, join } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { writeAtomically } from "../../base/files/write-atomically";
import type { ModelCardInfo } from "./card-info";
import { limitLines } from "./card-limits";
import { dataOf, hasSeveralLabels, isOnHubByName, metadataLines, titleOf } from "./card-metadata";
import { resultLines } from "./card-results";
import { cardCode, cardTable, cardText } from "./card-table";
import { usageLines } from "./card-usage";

export type { CardData, CardEvaluation, CardInterval, ModelCardInfo } from "./card-info";

/** Settings that say nothing about the weights, or name places of a machine. */
const HIDDEN = new Set(["train", "validation", "outputDir", "resumeFrom", "signal", "reportTo", "loggingSteps"]);

/**
 * The text of a model card: metadata that the Hub reads (with `model-index`), then task, data, training, results,
 * limits and use. It states only what `info` holds.
 */
export function modelCard(info: ModelCardInfo): string {
  const sections = [
    introduction(info),
    taskLines(info),
    dataLines(info),
    trainingLines(info),
    resultLines(info),
    limitLines(info),
    usageLines(info),
  ];
  const body = sections.map((lines) => lines.join("\n")).join("\n\n");
  return `---\n${metadataLines(info).join("\n")}\n---\n\n${body}\n`;
}

/** Writes the model card, README.md, into a saved adapter's or model's folder. Returns its path. */
export async function saveModelCard(directory: string, info: ModelCardInfo): Promise<string> {
  const path = join(expandHome(directory), "README.md");
  await writeAtomically(path, modelCard(info));
  return path;
}

function introduction(info: ModelCardInfo): string[] {
  const what = {
    lora: "A LoRA adapter for",
    head: "A classifier with a new head on the frozen encoder of",
    full: "All weights of a classifier, fine-tuned from",
    merged: "A classifier whose weights hold a merged LoRA adapter, fine-tuned from",
  }[info.method];
  return [`# ${cardText(titleOf(info))}`, "", `${what} ${baseText(info.baseModel)}, trained with tslora.`];
}

function baseText(baseModel: string): string {
  return isOnHubByName(baseModel)
    ? `[${cardText(baseModel)}](https://huggingface.co/${baseModel})`
    : `a model in a folder, ${cardCode(basename(baseModel))}`;
}

function taskLines(info: ModelCardInfo): string[] {
  const { labels } = info;
  return [
    "## Task",
    "",
    `Text classification: each text gets ${hasSeveralLabels(info) ? "any number" : "one"} of ${labels.length} labels.`,
    "",
    ...labels.map((name, label) => `- ${label}: ${cardText(name)}`),
  ];
}

function dataLines(info: ModelCardInfo): string[] {
  const data = dataOf(info);
  if (data === undefined) return ["## Data", "", "No record of the run names the training data."];
  const { name, sha256, kind, texts } = data;
  const parts = [
    ["training", texts?.train],
    ["validation", texts?.validation],
    ["test", texts?.test],
  ] as const;
  const counted = parts.flatMap(([part, count]) => (count === undefined ? [] : [`${count} for ${part}`]));
  return [
    "## Data",
    "",
    `${cardText(name)}${kind === undefined || kind === name ? "" : ` (${cardText(kind)})`}.${counted.length === 0 ? "" : ` Texts: ${counted.join(", ")}.`}`,
    ...(sha256 === undefined ? [] : ["", `SHA-256 of the source: ${cardCode(sha256)}`]),
  ];
}

function trainingLines(info: ModelCardInfo): string[] {
  const { trainableParameters, steps, elapsed, device, seed, maxLength } = info;
  const number = (value: number): string => value.toLocaleString("en-US");
  const facts: readonly (readonly [string, string | undefined])[] = [
    ["method", { lora: "LoRA", head: "the head alone", full: "all weights", merged: "LoRA, merged" }[info.method]],
    [
      "trained parameters",
      trainableParameters && `${number(trainableParameters.trainable)} of ${number(trainableParameters.all)}`,
    ],
    ["seed", seed === undefined ? undefined : String(seed)],
    ["maxLength", maxLength === undefined ? undefined : String(maxLength)],
    ...settings(info.adapter),
    ...settings(info.training),
    ["steps", steps && String(steps.done)],
    ["step whose weights are kept", steps?.best === undefined ? undefined : String(steps.best)],
    ["device", device],
    ["time", elapsed === undefined ? undefined : `${elapsed.toFixed(0)} s`],
  ];
  const seen = new Set<string>();
  const rows = facts.flatMap(([name, value]) => {
    if (value === undefined || seen.has(name)) return [];
    seen.add(name);
    return [[cardText(name), cardText(value)]];
  });
  return [
    "## Training",
    "",
    "Names are those of peft's and transformers' options.",
    "",
    ...cardTable([["setting", "value"], ...rows]),
  ];
}

function settings(values: Readonly<Record<string, unknown>> = {}): (readonly [string, string])[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const isEmpty =
      value === undefined || value === null || (typeof value === "object" && Object.keys(value).length === 0);
    if (HIDDEN.has(name) || isEmpty) return [];
    return [[name, typeof value === "string" ? value : JSON.stringify(value)] as const];
  });
}
