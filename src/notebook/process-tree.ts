import { readdirSync, readFileSync, writeFileSync } from "node:fs";

/** What memory a process takes, in bytes. */
export interface ProcessMemory {
  /** The most since {@link resetMemoryPeak}. */
  readonly peak: number;
  readonly now: number;
}

/** A process's memory by Linux's /proc; undefined elsewhere, and for one that has ended. */
export function processMemory(pid: number | undefined): ProcessMemory | undefined {
  const status = pid === undefined ? undefined : read(`/proc/${pid}/status`);
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status ?? "")?.[1]) * 1024;
  const [peak, now] = [bytes("VmHWM"), bytes("VmRSS")];
  return Number.isFinite(peak) && Number.isFinite(now) ? { peak, now } : undefined;
}

/** Counts a process's peak of memory from now on. */
export function resetMemoryPeak(pid: number | undefined): void {
  try {
    if (process.platform === "linux" && pid !== undefined) writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // not allowed here, or the process has ended: the peak is then the whole run's
  }
}

/**
 * Kills every process that was started with a variable in its environment, wherever it has gone: a child may have left
 * its parent's process group, and outlived it. Does nothing where there is no /proc.
 *
 * @param variable - `NAME=value`
 */
export function killMarked(variable: string): void {
  for (let round = 0; round < 3; round++) {
    const found = processIds().filter((pid) => pid !== process.pid && read(`/proc/${pid}/environ`)?.split("\0").includes(variable) === true);
    if (found.length === 0) return;
    for (const pid of found) {
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // it has ended
      }
    }
  }
}

function processIds(): number[] {
  if (process.platform !== "linux") return [];
  try {
    return readdirSync("/proc").map(Number).filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // another user's, or gone
  }
}
