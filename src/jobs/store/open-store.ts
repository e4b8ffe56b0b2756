import { resolve } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { FolderStore } from "./folder-store";
import type { JobStore } from "./job-store";
import { isS3 } from "./s3/s3-place";

/**
 * Opens a store of jobs; makes the folder if it is missing.
 *
 * @param place - a folder, which all workers reach under this path or another one, or `s3://BUCKET/PREFIX`
 * @throws TsloraError `not-saved` if it cannot be made, `unreachable` if the storage does not answer, `bad-input` if it
 *   is not a store
 */
export async function openStore(place: string): Promise<JobStore> {
  if (!isS3(place)) return FolderStore.open(place);
  const { S3Store } = await import("./s3/s3-store.js");
  return S3Store.open(place);
}

/** A store's place as every process of this machine understands it: a URL, or an absolute path. */
export function storePlace(place: string): string {
  return isS3(place) ? place : resolve(expandHome(place));
}
