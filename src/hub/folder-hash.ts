import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";

import { rememberedHash } from "../base/files/remembered-hash";

/** Names and contents of files, in their order. */
const hashOf = rememberedHash(async (paths) => {
  const hash = createHash("sha256");
  for (const path of paths) {
    hash.update(`${basename(path)}\n`);
    for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  }
  return hash.digest("hex");
});

/**
 * The SHA-256 of a model folder's files: weights, configuration and tokenizer. Folders in it are left out. A process
 * that runs many trials reads the weights once.
 */
export async function folderHash(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries
    .filter((entry) => !entry.isDirectory() && /\.(json|txt|safetensors|bin|model)$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
  return hashOf(names.map((name) => join(folder, name)));
}
