import { readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";

import { isMissing } from "../../base/files/error-code";
import { setUpFolder } from "../../base/places";

/** An unfinished file is removed after so many minutes. */
const ABANDONED_MINUTES = 60;

/** The folder of the cache if none is given. */
export function defaultPrefixCacheFolder(): string {
  return join(setUpFolder(), "cache", "frozen-prefix");
}

/** A prefix's folder in the cache. */
interface Kept {
  readonly path: string;
  readonly bytes: number;
  /** Time of its last use in milliseconds. */
  readonly usedAt: number;
}

/**
 * Removes the least recently used prefixes of the cache until `bytes` more fit into the limit. Prefixes whose keys are
 * in `inUse` stay.
 *
 * @returns whether they fit
 */
export async function makeRoom(
  directory: string,
  { bytes, limit, inUse }: { bytes: number; limit: number; inUse: readonly string[] },
): Promise<boolean> {
  const kept = await keptPrefixes(directory);
  let total = kept.reduce((sum, one) => sum + one.bytes, bytes);
  for (const one of [...kept].sort((a, b) => a.usedAt - b.usedAt)) {
    if (total <= limit) break;
    if (inUse.includes(basename(one.path))) continue;
    await rm(one.path, { recursive: true, force: true });
    total -= one.bytes;
  }
  return total <= limit;
}

/**
 * Deletes the frozen prefix cache: the outputs of the frozen layers below the first trained one, which `train` computed
 * once. Later runs compute them again.
 *
 * @param options.directory - the cache's folder, by default that of `train`'s `frozenPrefixCacheDir`
 * @returns the number of bytes that were freed
 */
export async function clearFrozenPrefixCache({
  directory = defaultPrefixCacheFolder(),
}: { readonly directory?: string } = {}): Promise<number> {
  let bytes = 0;
  for (const one of await keptPrefixes(directory)) {
    await rm(one.path, { recursive: true, force: true });
    bytes += one.bytes;
  }
  return bytes;
}

/** The prefixes in a cache's folder. Anything else in the folder is left alone. */
async function keptPrefixes(directory: string): Promise<readonly Kept[]> {
  const names = await readdir(directory).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const kept: Kept[] = [];
  for (const name of names.filter((candidate) => /^[0-9a-f]{40}$/.test(candidate))) {
    const path = join(directory, name);
    const folder = await stat(path).catch(() => undefined);
    if (folder?.isDirectory() !== true) continue;
    let bytes = 0;
    for (const file of await readdir(path).catch(() => [])) {
      const found = await stat(join(path, file)).catch(() => undefined);
      if (found === undefined) continue;
      const isAbandoned = file.endsWith(".incomplete") && Date.now() - found.mtimeMs > ABANDONED_MINUTES * 60_000;
      if (isAbandoned) await rm(join(path, file), { force: true });
      else bytes += found.size;
    }
    kept.push({ path, bytes, usedAt: folder.mtimeMs });
  }
  return kept;
}
