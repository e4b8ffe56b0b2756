import { join } from "node:path";

import { readTextFile } from "../base/files/read-text-file";
import { cacheFolder, type HubSettings } from "./hub-settings";

/** The folder in the cache for a repository at a revision, whether or not it exists. */
export async function cachedSnapshot(
  id: string,
  { revision, cacheDir }: Pick<HubSettings, "cacheDir"> & { readonly revision: string },
): Promise<string> {
  const folder = cacheFolder(id, { cacheDir });
  const ref = await readTextFile(join(folder, "refs", revision), { maxBytes: 1000 }).catch(() => revision);
  return join(folder, "snapshots", ref.trim());
}
