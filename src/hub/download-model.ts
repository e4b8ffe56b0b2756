import { existsSync } from "node:fs";
import { join } from "node:path";

import { readTextFile } from "../base/files/read-text-file";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import { parseShardIndex } from "../model/weights/shard-index";
import { findWeights, foreignWeights, MODEL_WEIGHTS, type WeightFormat } from "../model/weights/weight-files";
import { isOnHub } from "./download-file";
import { beginDownload, type DownloadOptions } from "./download-repository";
import { SENTENCEPIECE_FILES, TOKENIZER_PARTS } from "./tokenizer-files";

/**
 * Downloads a model's files from the Hub into its cache, in the layout that Python's huggingface_hub reads. Resumes a
 * partial file. Returns the snapshot's folder.
 *
 * @throws TsloraError `not-found`, `unreachable`, `unsupported` or `bad-input`, naming the file and the address.
 */
export async function downloadModel(id: string, options: DownloadOptions): Promise<string> {
  const download = await beginDownload(id, "config.json", options);
  if (download === undefined)
    throw new TsloraError(
      "not-found",
      `${options.endpoint}/${id} has no config.json at ${options.revision}: it is not a model that can be loaded.`,
    );
  const { snapshot, fetchOne, called } = download;
  for (const file of [...TOKENIZER_PARTS, ...(options.also ?? [])]) await fetchOne(file);
  if (!existsSync(join(snapshot, "tokenizer.json")) && !existsSync(join(snapshot, "vocab.txt")))
    for (const file of SENTENCEPIECE_FILES) await fetchOne(file);
  if (!(await fetchWeights(snapshot, { called, fetchOne }))) throw await noWeights(id, options);
  await download.finish();
  return snapshot;
}

/** Files by which a repository's weights of other libraries are recognized. */
const FOREIGN = ["tf_model.h5", "flax_model.msgpack", "rust_model.ot", "model.onnx", "onnx/model.onnx"] as const;

/** The error for a repository without readable weights. It names the weights that the repository has. */
async function noWeights(id: string, options: DownloadOptions): Promise<TsloraError> {
  const names: string[] = [];
  for (const file of FOREIGN) if (await isOnHub({ id, file }, options)) names.push(file);
  const lacking = MODEL_WEIGHTS.flatMap(({ whole, index }) => [whole, index]).join(", ");
  const foreign = foreignWeights(names) ?? `take a revision or a model that has them`;
  return new TsloraError("unsupported", `${options.endpoint}/${id} has none of ${lacking}: ${foreign}.`);
}

/**
 * Fetches the weights in the first format that the repository has, safetensors before pytorch_model.bin.
 *
 * @returns whether it has any
 */
async function fetchWeights(
  snapshot: string,
  { called, fetchOne }: { called: string; fetchOne: (file: string) => Promise<boolean> },
): Promise<boolean> {
  for (const { whole, index, extension } of MODEL_WEIGHTS) {
    if (await fetchOne(whole)) return true;
    if (!(await fetchOne(index))) continue;
    for (const shard of await shardsOf(snapshot, { index, extension })) {
      if (!(await fetchOne(shard)))
        throw new TsloraError(
          "not-found",
          `${called} has no ${shard}, which its ${index} names. Its upload was not complete.`,
        );
    }
    return true;
  }
  return false;
}

async function shardsOf(
  snapshot: string,
  { index, extension }: Pick<WeightFormat, "index" | "extension">,
): Promise<readonly string[]> {
  const path = join(snapshot, index);
  return parseShardIndex(await readTextFile(path), shownPath(path), { extension }).shards;
}

/** Whether a snapshot in the cache holds a model's weights: one file, or all parts. */
export async function hasWeights(snapshot: string): Promise<boolean> {
  const found = findWeights((name) => existsSync(join(snapshot, name)));
  if (found === undefined) return false;
  if (found.file === found.format.whole) return true;
  const { index, extension } = found.format;
  return (await shardsOf(snapshot, { index, extension })).every((shard) => existsSync(join(snapshot, shard)));
}
