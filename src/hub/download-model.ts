import { existsSync } from "node:fs";
import { join } from "node:path";

import { notSaved } from "../base/files/file-fault";
import { makeFolder } from "../base/files/make-folder";
import { readTextFile } from "../base/files/read-text-file";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { writeAtomically } from "../base/files/write-atomically";
import { parseShardIndex } from "../model/weights/shard-index";
import { findWeights, foreignWeights, MODEL_WEIGHTS, type WeightFormat } from "../model/weights/weight-files";
import { downloadFile, isOnHub, type DownloadProgress } from "./download-file";
import { cacheFolder, type HubSettings } from "./hub-settings";
import { SENTENCEPIECE_FILES } from "./sentencepiece-files";

/** Options of {@link downloadModel}. */
export interface DownloadOptions extends HubSettings {
  /** A branch, tag or commit. */
  readonly revision: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const OPTIONAL = [
  "tokenizer.json",
  "tokenizer_config.json",
  "vocab.txt",
  "vocab.json",
  "merges.txt",
  "special_tokens_map.json",
  "added_tokens.json",
] as const;

/**
 * Downloads a model's files from the Hub into its cache, in the layout that Python's huggingface_hub reads. Resumes a
 * partial file. Returns the snapshot's folder.
 *
 * @throws TsloraError `not-found`, `unreachable`, `unsupported` or `bad-input`, naming the file and the address.
 */
export async function downloadModel(id: string, options: DownloadOptions): Promise<string> {
  const { revision } = options;
  if (!/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(revision) || revision.includes(".."))
    throw new TsloraError("bad-option", `revision must name a branch, tag or commit; got ${shownValue(revision)}.`);
  const folder = cacheFolder(id, options);
  makeCache(join(folder, "blobs"));
  const commit = await downloadFile({ id, file: "config.json", folder }, options);
  if (commit === undefined)
    throw new TsloraError(
      "not-found",
      `${options.endpoint}/${id} has no config.json at ${revision}: it is not a model that can be loaded.`,
    );
  const fetchOne = async (file: string): Promise<string | undefined> => {
    const found = await downloadFile({ id, file, folder }, options);
    if (found === undefined || found === commit) return found;
    throw new TsloraError(
      "bad-input",
      `${options.endpoint}/${id} changed while it was fetched: config.json is of commit ${commit}, ${file} of ${found}. Start again to fetch it anew.`,
    );
  };
  for (const file of OPTIONAL) await fetchOne(file);
  const snapshot = join(folder, "snapshots", commit);
  if (!existsSync(join(snapshot, "tokenizer.json")) && !existsSync(join(snapshot, "vocab.txt")))
    for (const file of SENTENCEPIECE_FILES) await fetchOne(file);
  if (!(await fetchWeights(snapshot, { called: `${options.endpoint}/${id}`, fetchOne })))
    throw await noWeights(id, options);
  await writeAtomically(join(folder, "refs", revision), commit);
  return snapshot;
}

/** Files by which a repository's weights of other libraries are recognized. */
const FOREIGN = ["tf_model.h5", "flax_model.msgpack", "rust_model.ot", "model.onnx", "onnx/model.onnx"] as const;

/** The error for a repository without weights that can be read: which it has, and what to do. */
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
  { called, fetchOne }: { called: string; fetchOne: (file: string) => Promise<string | undefined> },
): Promise<boolean> {
  for (const { whole, index, extension } of MODEL_WEIGHTS) {
    if ((await fetchOne(whole)) !== undefined) return true;
    if ((await fetchOne(index)) === undefined) continue;
    for (const shard of await shardsOf(snapshot, { index, extension })) {
      if ((await fetchOne(shard)) === undefined)
        throw new TsloraError(
          "not-found",
          `${called} has no ${shard}, which its ${index} names. Its upload was not whole.`,
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

/** @throws TsloraError `not-saved` */
function makeCache(folder: string): void {
  try {
    makeFolder(folder);
  } catch (error) {
    throw notSaved(folder, error);
  }
}

/** Whether a snapshot in the cache holds a model's weights: one file, or all parts. */
export async function hasWeights(snapshot: string): Promise<boolean> {
  const found = findWeights((name) => existsSync(join(snapshot, name)));
  if (found === undefined) return false;
  if (found.file === found.format.whole) return true;
  const { index, extension } = found.format;
  return (await shardsOf(snapshot, { index, extension })).every((shard) => existsSync(join(snapshot, shard)));
}
