import { randomUUID } from "node:crypto";
import { lstat, rename, symlink, unlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { errorCode } from "../../../base/files/error-code";

/** Milliseconds after which an unchanged lock belongs to a dead process, as in Optuna. */
const GRACE_MS = 30_000;
const LONGEST_PAUSE_MS = 50;

/**
 * Runs an action while no other process writes the journal. The lock is Optuna's `JournalFileSymlinkLock`: a symbolic
 * link `JOURNAL.lock`, so that Python may write the same file meanwhile. A lock that has not changed for 30 seconds is
 * removed.
 *
 * @param options.graceMs - for tests. @default 30000
 */
export async function withJournalLock<T>(
  journal: string,
  action: () => Promise<T>,
  { graceMs = GRACE_MS }: { graceMs?: number } = {},
): Promise<T> {
  const lock = `${journal}.lock`;
  await acquire(lock, { journal, graceMs });
  try {
    return await action();
  } finally {
    await release(lock);
  }
}

async function acquire(lock: string, { journal, graceMs }: { journal: string; graceMs: number }): Promise<void> {
  let pause = 1;
  let seen: number | undefined;
  let since = performance.now();
  for (;;) {
    try {
      return await symlink(journal, lock);
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
    }
    const changed = await lstat(lock).then(
      ({ mtimeMs }) => mtimeMs,
      () => undefined, // released meanwhile
    );
    if (changed === undefined) continue;
    if (changed !== seen) [seen, since] = [changed, performance.now()];
    if (performance.now() - since > graceMs) await release(lock).catch(() => undefined);
    await sleep(pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
  }
}

/** Removes the lock by a rename first, which only one process can do. */
async function release(lock: string): Promise<void> {
  const renamed = `${lock}${randomUUID()}.rename`;
  await rename(lock, renamed);
  await unlink(renamed);
}
