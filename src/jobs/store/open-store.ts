import { FolderStore } from "./folder-store";
import type { JobStore } from "./job-store";

/**
 * Opens a store of jobs; makes the folder if it is missing.
 *
 * @param place - a folder, which all workers reach under this path or another one
 * @throws TsloraError `not-saved` if it cannot be made, `bad-input` if it is not a store
 */
export function openStore(place: string): Promise<JobStore> {
  return FolderStore.open(place);
}
