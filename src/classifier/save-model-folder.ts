import { existsSync } from "node:fs";
import { join } from "node:path";

import { parseUntrustedObject } from "../base/files/parse-json-file";
import { readTextFile } from "../base/files/read-text-file";
import { writeAtomically } from "../base/files/write-atomically";
import { lockFolder } from "../base/lock/lock-output";
import { shownPath } from "../base/shown-path";
import { saveModelCard, type ModelCardInfo } from "../hub/card/model-card";
import { architectureOf } from "../model/architectures/index";
import type { ClassificationModel } from "../model/classification-model";
import type { ProblemType } from "../model/encoder-config";
import { expectFloat32 } from "../model/int8-weights";
import type { Parameter } from "../model/parts/parameter";
import { writeSafetensors } from "../model/weights/write-safetensors";
import { copyTokenizerFiles } from "./copy-tokenizer-files";
import { keepDecimals } from "./keep-decimals";

/**
 * Saves a model as a Hugging Face folder: its weights, a copy of the original folder's tokenizer files, and the
 * original config.json with the changed values. config.json is written last: a folder without it is incomplete.
 *
 * @param options.takesPairs - whether the model was trained on pairs of texts; config.json then says `text_pair: true`
 * @param options.card - the content of README.md, which is written if the folder has none
 * @param options.inUse - the weight that replaces one of the model's own, such as a merged one
 */
export async function saveModelFolder(
  model: ClassificationModel,
  options: {
    directory: string;
    source: string;
    labels: readonly string[];
    problemType: ProblemType;
    takesPairs?: boolean;
    card?: ModelCardInfo;
    inUse?: (own: Parameter) => Parameter;
  },
): Promise<void> {
  const { directory, source, card, inUse = (own) => own } = options;
  expectFloat32(model, "saveModel");
  const tensors = model
    .parameters()
    .map((parameter) => ({ name: parameter.name, shape: parameter.shape, values: () => inUse(parameter).read() }));
  const original = await readModelConfig(source);
  const lock = lockFolder(directory, { purpose: "saving" });
  try {
    await writeSafetensors(join(directory, "model.safetensors"), { tensors, metadata: { format: "pt" } });
    await copyTokenizerFiles(source, directory);
    if (card !== undefined && !existsSync(join(directory, "README.md"))) await saveModelCard(directory, card);
    await saveModelConfig(original, { modelType: model.config.modelType, ...options });
  } finally {
    lock.release();
  }
}

/** A model's config.json: its text, and its fields. */
interface OriginalConfig {
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Reads the config.json of a model folder. */
export async function readModelConfig(source: string): Promise<OriginalConfig> {
  const path = join(source, "config.json");
  const text = await readTextFile(path);
  return { text, fields: parseUntrustedObject(text, shownPath(path)) };
}

/** Writes a model's original config.json with the changed values. */
export async function saveModelConfig(
  original: OriginalConfig,
  options: {
    directory: string;
    modelType: string;
    labels: readonly string[];
    problemType: ProblemType;
    takesPairs?: boolean;
  },
): Promise<void> {
  const { directory, modelType, labels, problemType, takesPairs = false } = options;
  // num_labels would override id2label; with another dtype, loading would round the weights
  const overruling = ["num_labels", "_num_labels", "torch_dtype", "text_pair"];
  const kept = Object.fromEntries(Object.entries(original.fields).filter(([key]) => !overruling.includes(key)));
  const config = {
    ...kept,
    architectures: [architectureOf(modelType).className],
    dtype: "float32",
    id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
    label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
    problem_type: problemType,
    ...(takesPairs ? { text_pair: true } : {}),
  };
  const text = keepDecimals(JSON.stringify(config, undefined, 2), original.text);
  await writeAtomically(join(directory, "config.json"), `${text}\n`);
}
