import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { expandHome } from "../base/expand-home";
import { TsloraError } from "../base/tslora-error";

/** What a push to the Hub would send. */
export interface PreparedPush {
  readonly repoId: string;
  readonly commitMessage: string;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

const COMPLETE: readonly (readonly string[])[] = [
  ["adapter_config.json", "adapter_model.safetensors"],
  ["config.json", "model.safetensors"],
];

/**
 * The dry run of a push: the files that would go to the Hub, with their sizes in bytes. Nothing is sent.
 *
 * @throws TsloraError `bad-option` for a name that is none, `bad-input` when the folder holds no whole adapter or model.
 */
export async function preparePush(options: { directory: string; repoId: string; commitMessage?: string }): Promise<PreparedPush> {
  const directory = expandHome(options.directory);
  const { repoId, commitMessage = "Upload with tslora" } = options;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repoId)) throw new TsloraError("bad-option", `preparePush: repoId is to be of the form owner/name; ${JSON.stringify(repoId)} came.`);
  const names = await readdir(directory).catch((error: unknown) => {
    throw new TsloraError("not-found", `preparePush: the folder ${directory} cannot be read. Save the adapter or the model there first.`, { cause: error });
  });
  if (!COMPLETE.some((needed) => needed.every((name) => names.includes(name)))) {
    throw new TsloraError("bad-input", `preparePush: ${directory} was expected to hold ${COMPLETE.map((needed) => needed.join(" and ")).join(", or ")}; it holds ${names.join(", ") || "nothing"}.`);
  }
  const files = await Promise.all(names.sort().map(async (path) => ({ path, size: (await stat(join(directory, path))).size })));
  return { repoId, commitMessage, files };
}
