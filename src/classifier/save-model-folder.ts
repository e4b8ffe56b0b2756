import { cp, readdir } from "node:fs/promises";
import { join, resolve } from "node:path";

import { parseUntrustedObject } from "../base/files/parse-json-file";
import { readTextFile } from "../base/files/read-text-file";
import { writeAtomically } from "../base/files/write-atomically";
import { lockFolder } from "../base/lock/lock-output";
import { shownPath } from "../base/shown-path";
import { SENTENCEPIECE_FILES } from "../hub/sentencepiece-files";
import { architectureOf } from "../model/architectures/index";
import type { ClassificationModel } from "../model/classification-model";
import type { ProblemType } from "../model/encoder-config";
import type { Parameter } from "../model/parts/parameter";
import { writeSafetensors } from "../model/weights/write-safetensors";
import { keepDecimals } from "./keep-decimals";

/** Files of a model folder that belong to its tokenizer. */
const TOKENIZER_FILE =
  /^(tokenizer.*\.json|vocab\.(txt|json)|merges\.txt|special_tokens_map\.json|added_tokens\.json)$/;

/**
 * Saves a model as a Hugging Face folder: its weights, a copy of the original folder's tokenizer files, and the
 * original config.json with the changed values. config.json is written last: a folder without it is incomplete.
 *
 * @param options.takesPairs - whether the model was trained on pairs of texts; config.json then says `text_pair: true`
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
    inUse?: (own: Parameter) => Parameter;
  },
): Promise<void> {
  const { directory, source, inUse = (own) => own } = options;
  const tensors = model
    .parameters()
    .map((parameter) => ({ name: parameter.name, shape: parameter.shape, values: () => inUse(parameter).read() }));
  const original = await readModelConfig(source);
  const lock = lockFolder(directory, { purpose: "saving" });
  try {
    await writeSafetensors(join(directory, "model.safetensors"), { tensors, metadata: { format: "pt" } });
    await copyTokenizerFiles(source, directory);
    await saveModelConfig(original, { modelType: model.config.modelType, ...options });
  } finally {
    lock.release();
  }
}

/** Copies the tokenizer's files of a model folder to another one. */
export async function copyTokenizerFiles(source: string, directory: string): Promise<void> {
  if (resolve(source) === resolve(directory)) return;
  for (const name of await readdir(source))
    if (TOKENIZER_FILE.test(name) || SENTENCEPIECE_FILES.includes(name))
      await cp(join(source, name), join(directory, name), { dereference: true });
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
  // num_labels would override id2label, and another dtype would make loading round the weights
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
