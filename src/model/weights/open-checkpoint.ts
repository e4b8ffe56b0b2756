import { access } from "node:fs/promises";
import { join } from "node:path";

import { Problems } from "../../base/problems";
import { readTextFile } from "../../base/files/read-text-file";
import { shownPath } from "../../base/shown-path";
import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { openSafetensors, type SafetensorsEntry, type SafetensorsFile } from "./read-safetensors";
import { parseShardIndex, SHARD_INDEX } from "./shard-index";

const WHOLE = "model.safetensors";

/** The weights of a model folder, in one or several files. The caller closes them. */
export type Checkpoint = Pick<SafetensorsFile, "path" | "entries" | "readFloats" | "close">;

/**
 * Opens a model folder's weights: `model.safetensors`, or the files that `model.safetensors.index.json` names. Checks
 * all headers, and reads no numbers yet.
 *
 * @throws TsloraError `not-found`, `unsupported` (a pickle) or `bad-input` that names every shard and tensor at fault.
 */
export async function openCheckpoint(directory: string): Promise<Checkpoint> {
  const exists = (name: string): Promise<boolean> =>
    access(join(directory, name)).then(
      () => true,
      () => false,
    );
  if (await exists(WHOLE)) return openSafetensors(join(directory, WHOLE));
  if (await exists(SHARD_INDEX)) return openShards(directory);
  if ((await exists("pytorch_model.bin")) || (await exists("pytorch_model.bin.index.json")))
    throw new TsloraError(
      "unsupported",
      `${directory} holds pytorch_model.bin, a pickle, which can run code when it is read. Convert it in Python: AutoModel.from_pretrained(folder).save_pretrained(folder, safe_serialization=True).`,
    );
  throw new TsloraError(
    "not-found",
    `The weights were not found at ${join(directory, WHOLE)}. A model folder holds config.json, model.safetensors (or its parts and ${SHARD_INDEX}) and the tokenizer's files.`,
  );
}

async function openShards(directory: string): Promise<Checkpoint> {
  const path = join(directory, SHARD_INDEX);
  const { shards, shardOf } = parseShardIndex(await readTextFile(path), shownPath(path));
  const missing: string[] = [];
  for (const shard of shards) await access(join(directory, shard)).catch(() => missing.push(shard));
  if (missing.length > 0)
    throw new TsloraError(
      "not-found",
      `${shownPath(path)} names ${shownNames(missing)}, and the folder has no such file. Fetch it again.`,
    );

  const files = new Map<string, SafetensorsFile>();
  const close = async (): Promise<void> => void (await Promise.all([...files.values()].map((file) => file.close())));
  try {
    for (const shard of shards) files.set(shard, await openSafetensors(join(directory, shard)));
    const entries = mergeEntries(path, { files, shardOf });
    const readFloats = async (name: string): Promise<Float32Array> => {
      const file = files.get(shardOf.get(name) ?? "");
      if (file === undefined)
        throw new TsloraError("not-found", `${shownPath(path)} names no tensor ${shownValue(name)}.`);
      return file.readFloats(name);
    };
    return { path, entries, readFloats, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Merges the tensors of all shards. Each tensor must be in the shard that the index names, and in no other. */
function mergeEntries(
  path: string,
  { files, shardOf }: { files: ReadonlyMap<string, SafetensorsFile>; shardOf: ReadonlyMap<string, string> },
): ReadonlyMap<string, SafetensorsEntry> {
  const problems = new Problems(`${shownPath(path)} does not fit its shards`);
  const entries = new Map<string, SafetensorsEntry>();
  const holders = new Map<string, string[]>();
  for (const [shard, file] of files) {
    for (const [name, entry] of file.entries) {
      holders.set(name, [...(holders.get(name) ?? []), shard]);
      if (shardOf.get(name) === shard) entries.set(name, entry);
    }
  }
  for (const [name, shard] of shardOf) {
    const found = holders.get(name);
    problems.expect(
      found?.includes(shard) ?? false,
      `${shownValue(name)} must be in ${shard}, as the index has it; it is in ${found?.slice(0, 5).join(" and ") ?? "no shard"}`,
    );
  }
  for (const [name, found] of holders) {
    if (found.length > 1)
      problems.expect(false, `${shownValue(name)} lies in several shards: ${found.slice(0, 5).join(", ")}`);
    problems.expect(shardOf.has(name), `${shownValue(name)} in ${found.slice(0, 5).join(", ")} is not in the index`);
  }
  problems.throwIfAny("bad-input");
  return entries;
}
