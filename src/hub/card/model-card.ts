import { join } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { writeAtomically } from "../../base/files/write-atomically";

/** Content of a model card. */
export interface ModelCardInfo {
  /** The base model's name on the Hub. */
  readonly baseModel: string;
  readonly method: "lora" | "full";
  /** Training data. */
  readonly data: string;
  readonly seed: number;
  readonly labels: readonly string[];
  /** Metrics on the test set, with 95% intervals. */
  readonly metrics: readonly {
    readonly name: string;
    readonly value: number;
    readonly interval?: { readonly low: number; readonly high: number };
  }[];
}

/** The text of a model card: YAML for the Hub, then a few facts. */
export function modelCard(info: ModelCardInfo): string {
  const { baseModel, method, data, seed, labels, metrics } = info;
  const library = method === "lora" ? "peft" : "transformers";
  const lines = metrics.map(
    ({ name, value, interval }) =>
      `| ${name} | ${value.toFixed(3)} | ${interval === undefined ? "" : `${interval.low.toFixed(3)} to ${interval.high.toFixed(3)}`} |`,
  );
  const usage =
    method === "lora"
      ? [
          "from peft import PeftModel",
          "from transformers import AutoModelForSequenceClassification",
          "",
          `base = AutoModelForSequenceClassification.from_pretrained(${JSON.stringify(baseModel)}, num_labels=${labels.length})`,
          "model = PeftModel.from_pretrained(base, folder)",
        ]
      : ["from transformers import pipeline", "", 'classifier = pipeline("text-classification", model=folder)'];
  return [
    "---",
    `base_model: ${baseModel}`,
    `library_name: ${library}`,
    "pipeline_tag: text-classification",
    "tags:",
    "- text-classification",
    ...(method === "lora" ? ["- lora"] : []),
    "- tslora",
    "---",
    "",
    "# Text classifier trained with tslora",
    "",
    `${method === "lora" ? "A LoRA adapter for" : "All weights of"} ${baseModel}, trained on the data "${data}" with seed ${seed}. Labels: ${labels.join(", ")}.`,
    "",
    "| test metric | value | 95% interval |",
    "|---|---|---|",
    ...lines,
    "",
    "```python",
    ...usage,
    "```",
    "",
  ].join("\n");
}

/** Writes the model card, README.md, into a saved adapter's or model's folder. Returns its path. */
export async function saveModelCard(directory: string, info: ModelCardInfo): Promise<string> {
  const path = join(expandHome(directory), "README.md");
  await writeAtomically(path, modelCard(info));
  return path;
}
