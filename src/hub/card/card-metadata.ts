import { basename } from "node:path";

import { shortList } from "../../base/short-list";
import { nameFault } from "../repo-name";
import type { CardData, CardEvaluation, ModelCardInfo } from "./card-info";

/** The data of a card in their long form. */
export function dataOf({ data }: ModelCardInfo): CardData | undefined {
  return typeof data === "string" ? { name: data } : data;
}

/** Whether the base is a name on the Hub, and not a folder. */
export function isOnHubByName(baseModel: string): boolean {
  return nameFault(baseModel, { owner: false }) === undefined;
}

/** The base as others can write it: its name on the Hub, or a placeholder for a folder of this machine. */
export function baseName(baseModel: string): string {
  return isOnHubByName(baseModel) ? baseModel : `path/to/${basename(baseModel)}`;
}

/** Whether a text may have any number of the labels. */
export function hasSeveralLabels({ problemType, after }: ModelCardInfo): boolean {
  return problemType === "multi_label_classification" || after?.hammingLoss !== undefined;
}

/** The title of a card, and its name in `model-index`. */
export function titleOf(info: ModelCardInfo): string {
  const data = dataOf(info);
  return data === undefined ? `Text classifier of ${shortList(info.labels)}` : `Text classifier for ${data.name}`;
}

/** A metric of `model-index`: its type is the name of Hugging Face's `evaluate`. */
interface IndexMetric {
  readonly type: string;
  readonly name: string;
  readonly value: number;
}

/** The card's metadata as the Hub reads them, without the lines of dashes. */
export function metadataLines(info: ModelCardInfo): string[] {
  const { baseModel, method } = info;
  const metrics = indexMetrics(info);
  return [
    ...(isOnHubByName(baseModel)
      ? [`base_model: ${yaml(baseModel)}`, `base_model_relation: ${method === "lora" ? "adapter" : "finetune"}`]
      : []),
    `library_name: ${method === "lora" ? "peft" : "transformers"}`,
    "pipeline_tag: text-classification",
    "tags:",
    "- text-classification",
    ...(method === "lora" || method === "merged" ? ["- lora"] : []),
    "- tslora",
    ...(metrics.length === 0
      ? []
      : ["metrics:", ...new Set(metrics.map(({ type }) => `- ${type}`)), ...modelIndex(info, metrics)]),
  ];
}

function modelIndex(info: ModelCardInfo, metrics: readonly IndexMetric[]): string[] {
  const { name, sha256, kind } = dataOf(info) ?? { name: "unknown" };
  return [
    "model-index:",
    `- name: ${yaml(titleOf(info))}`,
    "  results:",
    "  - task:",
    "      type: text-classification",
    "      name: Text Classification",
    "    dataset:",
    `      name: ${yaml(name)}`,
    `      type: ${yaml(kind ?? "text")}`,
    "      split: test",
    ...(sha256 === undefined ? [] : [`      revision: ${yaml(`sha256:${sha256}`)}`]),
    "    metrics:",
    ...metrics.flatMap(({ type, name: shown, value }) => [
      `    - type: ${type}`,
      `      name: ${yaml(shown)}`,
      `      value: ${rounded(value)}`,
    ]),
  ];
}

/** The test metrics under the names of Hugging Face's `evaluate`. */
function indexMetrics({ after, metrics = [] }: ModelCardInfo): IndexMetric[] {
  if (after === undefined)
    return metrics
      .filter(({ value }) => Number.isFinite(value))
      .map(({ name, value }) => ({ type: name.toLowerCase().replace(/\W+/g, "_"), name, value }));
  const found: readonly (readonly [string, string, number | null | undefined])[] = [
    ["accuracy", after.hammingLoss === undefined ? "Accuracy" : "Accuracy (every label right)", after.accuracy],
    ["f1", "F1 (macro)", macro(after, "f1")],
    ["f1", "F1 (micro)", after.f1Micro],
    ["precision", "Precision (macro)", macro(after, "precision")],
    ["recall", "Recall (macro)", macro(after, "recall")],
    ["roc_auc", "ROC AUC", after.rocAuc],
  ];
  return found.flatMap(([type, name, value]) =>
    typeof value === "number" && Number.isFinite(value) ? [{ type, name, value }] : [],
  );
}

/** The mean over labels, as scikit-learn's macro average. */
export function macro({ perLabel }: CardEvaluation, key: "precision" | "recall" | "f1"): number | undefined {
  if (perLabel.length === 0) return undefined;
  return perLabel.reduce((sum, label) => sum + label[key], 0) / perLabel.length;
}

function rounded(value: number): number {
  return Number(value.toFixed(6));
}

/** A text as YAML reads it: JSON's quotes are YAML's. */
export function yaml(text: string): string {
  return /^[A-Za-z][\w./-]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : JSON.stringify(text).replace(/[\u007f-\u009f\u2028\u2029\ufeff]/g, escaped);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
