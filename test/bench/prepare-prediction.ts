import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { loadTokenizer } from "../../src/tokenizer/load-tokenizer";
import type { BenchContext } from "./bench-line";
import { makeModelFolder } from "./model-folders";
import { dealBatches, total } from "./sample-batches";
import { loadStudyData } from "./study-data";

/** Texts in a batch of a side that pads. */
export const BATCH_SIZE = 16;
const BATCHES_A_ROUND = 3;

/** A side's answer to the request "predict". */
export interface Predicted {
  readonly seconds: number;
  readonly probabilities: readonly number[];
}

/** The texts of a comparison of predictions, and the folders of its model. */
export interface PredictionWork {
  readonly model: string;
  /** Where a side saves the model with an adapter merged into it. */
  readonly merged: string;
  /** The texts as JSON. */
  readonly file: string;
  /** Tokens of each text. */
  readonly lengths: readonly number[];
  /** Batches of like length, by the index of their texts, for each round. */
  readonly rounds: readonly (readonly (readonly number[])[])[];
  /** Seconds for all texts, from those for some batches, by the share of tokens. */
  readonly secondsOfAll: (seconds: number, batches: readonly (readonly number[])[]) => number;
}

/** Prepares the study's texts, sorted by length, for sides that predict. */
export async function preparePrediction(
  { models, folder, whole, rounds: count }: BenchContext,
  size: "distilbert" | "minilm",
): Promise<PredictionWork> {
  const model = await makeModelFolder({ size, parent: models });
  const { texts } = (await loadStudyData()).all;
  const file = join(folder, "texts.json");
  await writeFile(file, JSON.stringify(texts));
  const lengths = (await loadTokenizer(model)).encode(texts).map(({ ids }) => ids.length);
  const sorted = texts.map((_, index) => index).sort((a, b) => lengths[a] - lengths[b]);
  const batches = Array.from({ length: Math.ceil(texts.length / BATCH_SIZE) }, (_, i) =>
    sorted.slice(i * BATCH_SIZE, (i + 1) * BATCH_SIZE),
  );
  const rounds = dealBatches(batches, {
    rounds: whole ? count : count + 1,
    aRound: whole ? Infinity : BATCHES_A_ROUND,
  });
  return {
    model,
    merged: join(folder, `${size}-merged`),
    file,
    lengths,
    rounds,
    secondsOfAll: (seconds, chosen) =>
      whole ? seconds : (seconds * total(lengths)) / total(chosen.flat().map((index) => lengths[index])),
  };
}
