import { existsSync } from "node:fs";

import { lockFile, type OutputLock } from "../base/lock/lock-output";
import { printableLine } from "../base/printable";
import { TsloraError } from "../base/tslora-error";
import { pauseFor, type Pause } from "./retry-pause";

/** Options of {@link unlessThere}. */
export interface BlobLockOptions {
  /** Called once if another download of the blob runs. @param who - its process, for a message */
  readonly onWait: (who: string) => Promise<void>;
  readonly pause?: Pause;
  readonly signal?: AbortSignal;
}

/** Milliseconds between two looks at another download's lock. */
const LOOK_MS = 200;

/**
 * Fetches a blob unless it is in the cache. While another process, or another call of this one, fetches the same blob,
 * this call waits. It takes over if that process dies or that call fails.
 *
 * @throws the error of `pause`, if the signal is aborted meanwhile
 */
export async function unlessThere(
  blob: string,
  fetchBlob: () => Promise<void>,
  { onWait, pause = pauseFor, signal = new AbortController().signal }: BlobLockOptions,
): Promise<void> {
  let waits = false;
  while (!existsSync(blob)) {
    const lock = lockOrHolder(blob);
    if (typeof lock === "string") {
      if (!waits) await onWait(lock);
      waits = true;
      await pause(LOOK_MS, signal);
      continue;
    }
    try {
      if (!existsSync(blob)) await fetchBlob(); // another process may have fetched it before the lock was free
    } finally {
      lock.release();
    }
    return;
  }
}

/** Locks a blob. If another download has locked it, names its process. */
function lockOrHolder(blob: string): OutputLock | string {
  try {
    return lockFile(blob, { purpose: "download" });
  } catch (error) {
    if (!(error instanceof TsloraError) || error.code !== "in-use") throw error;
    const { pid, host } = error.details;
    if (pid === process.pid || typeof pid !== "number") return "another download";
    return `process ${pid}${typeof host === "string" ? ` on ${printableLine(host)}` : ""}`;
  }
}
