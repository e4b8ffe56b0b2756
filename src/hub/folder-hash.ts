import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The SHA-256 of a model folder's files: weights, configuration and tokenizer. Folders in it are left out. */
export async function folderHash(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const files = (await readdir(folder, { withFileTypes: true }))
    .filter((entry) => !entry.isDirectory() && /\.(json|txt|safetensors|bin|model)$/.test(entry.name))
    .map(({ name }) => name)
    .sort();
  for (const name of files) {
    hash.update(`${name}\n`);
    for await (const bytes of createReadStream(join(folder, name))) hash.update(bytes as Buffer);
  }
  return hash.digest("hex");
}
