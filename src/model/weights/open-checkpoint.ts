import { access, readdir } from "node:fs/promises";
import { join } from "node:path";

import { Problems } from "../../base/problems";
import { readTextFile } from "../../base/files/read-text-file";
import { shownPath } from "../../base/shown-path";
import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { parseShardIndex } from "./shard-index";
import type { TensorEntry } from "./tensor-entry";
import {
  findWeights,
  foreignWeights,
  MODEL_WEIGHTS,
  openWeights,
  type Checkpoint,
  type WeightFormat,
} from "./weight-files";
import { withoutWrapper } from "./without-wrapper";

export type { Checkpoint } from "./weight-files";

/**
 * Opens a model folder's weights: `model.safetensors` or `pytorch_model.bin`, or the files that
 * `model.safetensors.index.json` or `pytorch_model.bin.index.json` names. Checks all headers, and reads no numbers yet.
 *
 * @throws TsloraError `not-found`, `unsupported` (weights of another library) or `bad-input` that names every shard and
 *   tensor at fault.
 */
export async function openCheckpoint(directory: string): Promise<Checkpoint> {
  const names = await readdir(directory).catch((): string[] => []);
  const found = findWeights((name) => names.includes(name));
  if (found !== undefined)
    return withoutWrapper(
      found.file === found.format.index
        ? await openShards(directory, found.format)
        : await openWeights(join(directory, found.file)),
    );
  const foreign = foreignWeights(names);
  const [{ whole, index }] = MODEL_WEIGHTS;
  if (foreign !== undefined) throw new TsloraError("unsupported", `The model ${shownPath(directory)}: ${foreign}.`);
  throw new TsloraError(
    "not-found",
    `The weights were not found at ${join(directory, whole)}. A model folder holds config.json, ${whole} (or its parts and ${index}) or pytorch_model.bin, and the tokenizer's files.`,
  );
}

/** @param known - the shards as they were opened before */
async function openShards(
  directory: string,
  format: WeightFormat,
  known?: ReadonlyMap<string, Checkpoint>,
): Promise<Checkpoint> {
  const path = join(directory, format.index);
  const { shards, shardOf } = parseShardIndex(await readTextFile(path), shownPath(path), format);
  const missing: string[] = [];
  for (const shard of shards) await access(join(directory, shard)).catch(() => missing.push(shard));
  if (missing.length > 0)
    throw new TsloraError(
      "not-found",
      `${shownPath(path)} names ${shownNames(missing)}, and the folder has no such file. Fetch it again.`,
    );

  const files = new Map<string, Checkpoint>();
  const close = async (): Promise<void> => void (await Promise.all([...files.values()].map((file) => file.close())));
  try {
    for (const shard of shards)
      files.set(shard, await (known?.get(shard)?.reopen() ?? openWeights(join(directory, shard))));
    const entries = mergeEntries(path, { files, shardOf });
    const readFloats = async (name: string): Promise<Float32Array> => {
      const file = files.get(shardOf.get(name) ?? "");
      if (file === undefined)
        throw new TsloraError("not-found", `${shownPath(path)} names no tensor ${shownValue(name)}.`);
      return file.readFloats(name);
    };
    const notices = [...files.values()].flatMap(({ notice }) => notice ?? []);
    const notice = notices.length > 0 ? notices.join(" ") : undefined;
    return { path, entries, notice, readFloats, close, reopen: () => openShards(directory, format, files) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Merges the tensors of all shards. Each tensor must be in the shard that the index names, and in no other. */
function mergeEntries(
  path: string,
  { files, shardOf }: { files: ReadonlyMap<string, Checkpoint>; shardOf: ReadonlyMap<string, string> },
): ReadonlyMap<string, TensorEntry> {
  const problems = new Problems(`${shownPath(path)} does not fit its shards`);
  const entries = new Map<string, TensorEntry>();
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
      problems.expect(false, `${shownValue(name)} is in several shards: ${found.slice(0, 5).join(", ")}`);
    problems.expect(shardOf.has(name), `${shownValue(name)} in ${found.slice(0, 5).join(", ")} is not in the index`);
  }
  problems.throwIfAny("bad-input");
  return entries;
}
