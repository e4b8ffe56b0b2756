/** The lock's file in an output folder. A killed process leaves it behind; the next one takes it over. */
export const LOCK_FILE = ".tslora-lock";

/** Whether a file of an output folder belongs to its lock: the lock's file, or one that is made beside it. */
export function isLockFile(name: string): boolean {
  return name === LOCK_FILE || name.startsWith(`${LOCK_FILE}.`);
}
