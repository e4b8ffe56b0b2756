import { createHash } from "node:crypto";
import { open, readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";

import { writeAtomically } from "../base/write-atomically";

/** The manifest's name: `sha256sum -c SHA256SUMS` checks it, too. */
export const MANIFEST = "SHA256SUMS";

/** Writes the checksums of every file in a folder, and brings files and folders to the disk. */
export async function sealFolder(directory: string): Promise<void> {
  const { files, folders } = await listAll(directory);
  const lines: string[] = [];
  for (const path of files.sort()) {
    await syncPath(path);
    lines.push(`${await sha256Of(path)}  ${relative(directory, path).split(sep).join("/")}\n`);
  }
  await writeAtomically(join(directory, MANIFEST), lines.join(""));
  for (const folder of folders) await syncPath(folder);
}

/**
 * Checks a sealed folder.
 *
 * @returns what is wrong with it, or undefined
 */
export async function damageOf(directory: string, { required }: { required: readonly string[] }): Promise<string | undefined> {
  const manifest = await readFile(join(directory, MANIFEST), "utf8").catch(() => undefined);
  if (manifest === undefined) return `${MANIFEST} is missing`;
  const sums = new Map<string, string>();
  for (const line of manifest.split("\n").filter((l) => l !== "")) {
    const [, sum, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (name === undefined) return `${MANIFEST} is not a list of checksums`;
    sums.set(name, sum);
  }
  for (const name of required) if (!sums.has(name)) return `${name} is not in ${MANIFEST}`;
  for (const [name, sum] of sums) {
    const found = await sha256Of(join(directory, name)).catch(() => undefined);
    if (found !== sum) return found === undefined ? `${name} cannot be read` : `${name} is not what was written`;
  }
  return undefined;
}

/** Brings a file, or a folder's list of names, to the disk. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function listAll(directory: string): Promise<{ files: string[]; folders: string[] }> {
  const files: string[] = [];
  const folders = [directory];
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) {
      const inside = await listAll(path);
      files.push(...inside.files);
      folders.push(...inside.folders);
    } else files.push(path);
  }
  return { files, folders };
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash("sha256");
  const file = await open(path, "r");
  try {
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
    return hash.digest("hex");
  } finally {
    await file.close();
  }
}
