import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { canonicalSha256 } from "../../base/canonical-json";
import { rememberedHash } from "../../base/files/remembered-hash";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { CALIBRATION_FILE } from "../../evaluation/calibration/stored-calibration";

/** Files that decide a prediction: configuration, weights and tokenizer. */
const OF_MODEL =
  /^(config|tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|merges|adapter_config)\.(json|txt)$|\.(safetensors|model)$|\.safetensors\.index\.json$|^(pytorch|adapter)_model.*\.bin$/;

/** The folders of a classifier. */
export interface ModelFolders {
  readonly directory: string;
  readonly adapter?: string;
  /** Whether its `calibration.json` is used. */
  readonly calibrated: boolean;
}

/** The hash of one file. A process that runs many shards reads the weights once. */
const hashOf = rememberedHash(([path]) => sha256OfFile(path));

/** Digest of all files of a classifier that decide its predictions, in hexadecimal. */
export async function modelHash({ directory, adapter, calibrated }: ModelFolders): Promise<string> {
  const folders = [["model", directory] as const, ...(adapter === undefined ? [] : [["adapter", adapter] as const])];
  const digests: [string, string][] = [];
  for (const [of, folder] of folders)
    for (const name of (await readdir(folder)).sort())
      if (OF_MODEL.test(name) || (calibrated && name === CALIBRATION_FILE && folder === (adapter ?? directory)))
        digests.push([`${of}/${name}`, await hashOf([join(folder, name)])]);
  return canonicalSha256(digests);
}
