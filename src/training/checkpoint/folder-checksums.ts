import { basename, isAbsolute, join, relative, sep } from "node:path";

import { listTree } from "../../base/files/list-tree";
import { isMissingFile } from "../../base/files/open-regular-file";
import { sha256OfFile } from "../../base/files/sha256-of-file";
import { syncPath } from "../../base/files/sync-path";
import { readTextFile } from "../../base/files/read-text-file";
import { shownText } from "../../base/shown-value";
import { writeAtomically } from "../../base/files/write-atomically";

/** The manifest's name. `sha256sum -c SHA256SUMS` can check it too. */
export const MANIFEST = "SHA256SUMS";

/** The checksums of all files in a folder, by their relative paths. */
export async function checksumsOf(directory: string): Promise<Map<string, string>> {
  const { files } = await listTree(directory);
  const sums = new Map<string, string>();
  for (const path of files.sort()) sums.set(nameOf(path, directory), await sha256OfFile(path));
  return sums;
}

/**
 * Writes the checksums of all files in a folder, and syncs files and folders to disk.
 *
 * @param options.known - checksums that are already computed
 */
export async function writeChecksums(
  directory: string,
  { known = new Map<string, string>() }: { known?: ReadonlyMap<string, string> } = {},
): Promise<void> {
  const { files, folders } = await listTree(directory);
  const lines: string[] = [];
  for (const path of files.sort()) {
    if (basename(path) === MANIFEST) continue; // the folder had a manifest before
    await syncPath(path);
    const name = nameOf(path, directory);
    lines.push(`${known.get(name) ?? (await sha256OfFile(path))}  ${name}\n`);
  }
  await writeAtomically(join(directory, MANIFEST), lines.join(""));
  for (const folder of folders) await syncPath(folder);
}

/** The checksums of a sealed folder, or its damage. */
export type ChecksumsCheck =
  { readonly damage: string } | { readonly damage: undefined; readonly sums: ReadonlyMap<string, string> };

/** Checks a sealed folder: its files must be exactly those of its manifest, and unchanged. */
export async function checkChecksums(
  directory: string,
  { required }: { required: readonly string[] },
): Promise<ChecksumsCheck> {
  let manifest: string;
  try {
    manifest = await readTextFile(join(directory, MANIFEST), { maxBytes: 1 << 24, called: MANIFEST });
  } catch (error) {
    return { damage: isMissingFile(error) ? `${MANIFEST} is missing` : messageOf(error) };
  }
  const sums = new Map<string, string>();
  for (const line of manifest.split("\n").filter((l) => l !== "")) {
    const [, sum, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (name === undefined || isAbsolute(name) || name.split("/").includes("..") || sums.has(name))
      return { damage: `${MANIFEST} is not a list of checksums` };
    sums.set(name, sum);
  }
  for (const name of required) if (!sums.has(name)) return { damage: `${name} is not in ${MANIFEST}` };
  for (const [name, sum] of sums) {
    let found: string;
    try {
      found = await sha256OfFile(join(directory, name));
    } catch (error) {
      return {
        damage: isMissingFile(error)
          ? `${shownText(name, 100)} cannot be read: it is missing`
          : `${shownText(name, 100)} cannot be read: ${messageOf(error)}`,
      };
    }
    if (found !== sum) return { damage: `${shownText(name, 100)} is not what was written` };
  }
  return { damage: undefined, sums };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function nameOf(path: string, directory: string): string {
  return relative(directory, path).split(sep).join("/");
}
