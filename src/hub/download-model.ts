import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { TsloraError } from "../base/tslora-error";
import { writeAtomically } from "../base/write-atomically";
import { downloadFile, type DownloadProgress } from "./download-file";
import { cacheFolder, type HubSettings } from "./hub-settings";

/** Options of {@link downloadModel}. */
export interface DownloadOptions extends HubSettings {
  /** A branch, tag or commit. */
  readonly revision: string;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

const WEIGHTS = "model.safetensors";
const OPTIONAL = ["tokenizer.json", "tokenizer_config.json", "vocab.txt", "special_tokens_map.json"] as const;

/**
 * Fetches a model's files from the Hub into its cache, in the cache's own layout, so that Python finds them there. A
 * file that was cut off is gone on with. Returns the snapshot's folder.
 *
 * @throws TsloraError `not-found`, `unreachable`, `unsupported` or `bad-input`, naming the file and the address.
 */
export async function downloadModel(id: string, options: DownloadOptions): Promise<string> {
  const { revision } = options;
  const folder = cacheFolder(id, options);
  await mkdir(join(folder, "blobs"), { recursive: true });
  const fetchOne = (file: string): Promise<string | undefined> => downloadFile({ id, file, folder }, options);
  const commit = await fetchOne("config.json");
  if (commit === undefined) throw new TsloraError("not-found", `${options.endpoint}/${id} has no config.json at ${revision}: it is not a model that can be loaded.`);
  for (const file of OPTIONAL) await fetchOne(file);
  if ((await fetchOne(WEIGHTS)) === undefined) {
    throw new TsloraError("unsupported", `${options.endpoint}/${id} has no ${WEIGHTS}. Where it has pytorch_model.bin or several parts, save it as one file in Python: AutoModel.from_pretrained(${JSON.stringify(id)}).save_pretrained(folder, max_shard_size="100GB"), and give the folder.`);
  }
  await writeAtomically(join(folder, "refs", revision), commit);
  return join(folder, "snapshots", commit);
}
