import { parseUntrustedJson } from "../../base/files/parse-json-file";
import { Problems } from "../../base/problems";
import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { WeightFormat } from "./weight-files";

/**
 * Parses the text of a `model.safetensors.index.json` or `pytorch_model.bin.index.json`: all shards, and the shard of
 * each tensor.
 *
 * @throws TsloraError `bad-input` if the index is damaged, or names a file outside of its folder.
 */
export function parseShardIndex(
  text: string,
  path: string,
  { extension }: Pick<WeightFormat, "extension">,
): { shards: readonly string[]; shardOf: ReadonlyMap<string, string> } {
  const json = parseUntrustedJson(text, path);
  const map = typeof json === "object" && json !== null ? (json as { weight_map?: unknown }).weight_map : undefined;
  if (typeof map !== "object" || map === null || Array.isArray(map) || Object.keys(map).length === 0)
    throw new TsloraError("bad-input", `${path} must hold a "weight_map" from tensors to files.`);
  const problems = new Problems(path);
  for (const [tensor, shard] of Object.entries(map as Record<string, unknown>)) {
    const plain = typeof shard === "string" && /^[\w.-]+$/.test(shard) && shard.endsWith(extension);
    problems.expect(
      plain,
      `the shard of ${shownValue(tensor)} must be a ${extension} file of the same folder; got ${shownValue(shard)}`,
    );
  }
  problems.throwIfAny("bad-input");
  const shardOf = new Map(Object.entries(map as Record<string, string>));
  return { shards: [...new Set(shardOf.values())].sort(), shardOf };
}
