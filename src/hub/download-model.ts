import { existsSync } from "node:fs";
import { join } from "node:path";

import { notSaved } from "../base/files/file-fault";
import { makeFolder } from "../base/files/make-folder";
import { readTextFile } from "../base/files/read-text-file";
import { shownPath } from "../base/shown-path";
import { shownValue } from "../base/shown-value";
import { TsloraError } from "../base/tslora-error";
import { writeAtomically } from "../base/files/write-atomically";
import { parseShardIndex, SHARD_INDEX } from "../model/weights/shard-index";
import { downloadFile, type DownloadProgress } from "./download-file";
import { cacheFolder, type HubSettings } from "./hub-settings";

/** Options of {@link downloadModel}. */
export interface DownloadOptions extends HubSettings {
  /** A branch, tag or commit. */
  readonly revision: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const WEIGHTS = "model.safetensors";
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
  if ((await fetchOne(WEIGHTS)) === undefined) {
    if ((await fetchOne(SHARD_INDEX)) === undefined) {
      throw new TsloraError(
        "unsupported",
        `${options.endpoint}/${id} has neither ${WEIGHTS} nor ${SHARD_INDEX}. If it has pytorch_model.bin, save it again in Python: AutoModel.from_pretrained(${JSON.stringify(id)}).save_pretrained(folder), and give the folder.`,
      );
    }
    const index = join(snapshot, SHARD_INDEX);
    for (const shard of parseShardIndex(await readTextFile(index), shownPath(index)).shards) {
      if ((await fetchOne(shard)) === undefined)
        throw new TsloraError(
          "not-found",
          `${options.endpoint}/${id} has no ${shard}, which its ${SHARD_INDEX} names. Its upload was not whole.`,
        );
    }
  }
  await writeAtomically(join(folder, "refs", revision), commit);
  return snapshot;
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
  if (existsSync(join(snapshot, WEIGHTS))) return true;
  const index = join(snapshot, SHARD_INDEX);
  if (!existsSync(index)) return false;
  return parseShardIndex(await readTextFile(index), shownPath(index)).shards.every((shard) =>
    existsSync(join(snapshot, shard)),
  );
}
