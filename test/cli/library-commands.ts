import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { loadClassifier } from "../../src/classifier/load-classifier";
import { SequenceClassifier } from "../../src/classifier/sequence-classifier";
import { loadClassificationModel } from "../../src/model/load-classification-model";
import type { Bounded } from "../ops/bounded-tensor";
import { NOTHING } from "../ops/expect-within";
import { sampleRounding } from "../ops/sample-rounding";
import { tinyCsv, tinyModel, type Printed } from "./tiny";

/** A folder of a tiny model with an adapter, and a table of its texts. */
export interface TinyFolder {
  readonly folder: string;
  readonly model: string;
  readonly adapter: string;
  readonly csv: string;
}

export async function makeTinyFolder(): Promise<TinyFolder> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-cli-"));
  const model = await tinyModel(folder);
  return { folder, model, adapter: join(model, "adapter"), csv: await tinyCsv(join(folder, "data.csv")) };
}

/** Probabilities of the second label, and bounds on the effect of 32-bit rounding, for any order of computation. */
export async function referenceProbabilities(
  texts: readonly string[],
  { model, adapter }: TinyFolder,
): Promise<Bounded> {
  const own = await loadClassifier(model);
  const sampled = await sampleRounding(async (ops) => {
    const loaded = await loadClassificationModel(model, { ops, numLabels: 2, seed: own.seed });
    const exact = new SequenceClassifier({ ...own, tokenizer: own.tokenizer, model: loaded.model });
    await exact.loadAdapter(adapter);
    const logits = await exact.predictLogits(texts);
    exact.dispose();
    return new Map([["probabilities", texts.map((_, i) => 1 / (1 + Math.exp(logits[2 * i] - logits[2 * i + 1])))]]);
  });
  own.dispose();
  return sampled.get("probabilities") ?? NOTHING;
}

export const json = <T>({ out }: Printed): T => JSON.parse(out) as T;
export const lines = (text: string): string[] => text.trimEnd().split("\n");

/** A line of `predict --json`. */
export interface PredictionJson {
  readonly index: number;
  readonly id?: string;
  readonly label: string;
  readonly score: number;
  readonly probabilities: Record<string, number>;
  readonly top?: { label: string; score: number }[];
}

/** Arguments that train for a few steps into a folder `out`, enough to separate the classes. */
export const trainArgs = ({ folder, model, csv }: TinyFolder, out: string, ...more: string[]): string[] => [
  "train",
  "--model",
  model,
  "--data",
  csv,
  "-o",
  join(folder, out),
  "--r",
  "4",
  "--learning-rate",
  "0.02",
  "--per-device-train-batch-size",
  "8",
  "--num-train-epochs",
  "12",
  "--target-modules",
  "all-linear",
  "--lora-dropout",
  "0",
  ...more,
];
