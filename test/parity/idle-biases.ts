import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** A key's bias adds the same to each score of a query, so its gradient is 0 up to rounding. */
const KEYS: readonly (readonly [key: RegExp, query: string])[] = [
  [/\.key(\.base_layer)?\.bias$/, ".query.bias"],
  [/\.k_lin(\.base_layer)?\.bias$/, ".q_lin.bias"],
  [/\.attn\.k(\.base_layer)?\.bias$/, ".attn.q.bias"],
  [/\.pos_key_proj(\.base_layer)?\.bias$/, ".query_proj.bias"],
];
const DEBERTA_KEY: (typeof KEYS)[number] = [/\.key_proj(\.base_layer)?\.bias$/, ".query_proj.bias"];

/**
 * For the bias of a key whose gradient is 0 by nature, the bias of the query whose gradient shows its size; undefined
 * for every other weight. DeBERTa's position-to-content scores take a key's bias at each distance differently, so that
 * it counts there.
 */
export function queryOfIdleKey(
  name: string,
  { pos_att_type: posAttType = [] }: { readonly pos_att_type?: unknown },
): string | undefined {
  const counts = JSON.stringify(posAttType).includes("p2c");
  for (const [key, query] of counts ? KEYS : [...KEYS, DEBERTA_KEY])
    if (key.test(name)) return name.replace(key, query);
  return undefined;
}

/** A folder's config.json. */
export async function readConfig(directory: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(directory, "config.json"), "utf8")) as Record<string, unknown>;
}
