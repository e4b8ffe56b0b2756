import { stat } from "node:fs/promises";

/**
 * A function that hashes files, which reads the same files once in a process: results are remembered by the files'
 * paths, sizes, inodes and times of change.
 */
export function rememberedHash(
  hash: (paths: readonly string[]) => Promise<string>,
): (paths: readonly string[]) => Promise<string> {
  const known = new Map<string, string>();
  return async (paths) => {
    const states = await Promise.all(
      paths.map(async (path) => {
        const { size, ino, mtimeMs, ctimeMs } = await stat(path);
        return [path, size, ino, mtimeMs, ctimeMs];
      }),
    );
    const key = JSON.stringify(states);
    const found = known.get(key) ?? (await hash(paths));
    known.set(key, found);
    return found;
  };
}
