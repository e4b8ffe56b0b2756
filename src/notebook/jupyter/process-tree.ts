import { readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** Returns a process's memory in bytes. */
export interface ProcessMemory {
  /** The most since {@link resetMemoryPeak}. */
  readonly peak: number;
  readonly now: number;
}

/** A process's memory from Linux's /proc; undefined elsewhere, and for a process that has ended. */
export function processMemory(pid: number | undefined): ProcessMemory | undefined {
  const status = pid === undefined ? undefined : read(`/proc/${pid}/status`);
  const bytes = (name: string): number =>
    Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status ?? "")?.[1]) * 1024;
  const [peak, now] = [bytes("VmHWM"), bytes("VmRSS")];
  return Number.isFinite(peak) && Number.isFinite(now) ? { peak, now } : undefined;
}

/** Resets a process's peak of memory. */
export function resetMemoryPeak(pid: number | undefined): void {
  try {
    if (process.platform === "linux" && pid !== undefined) writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // not allowed, or the process has ended: the peak is then that of the whole run
  }
}

/**
 * Kills every process that was started with a variable in its environment, also a child that left its parent's process
 * group and outlived it. Does nothing without /proc.
 *
 * @param variable - `NAME=value`
 * @returns how many were killed, and how many are undecided: a process that is just starting shows no environment yet
 */
export function killMarked(variable: string): { readonly killed: number; readonly undecided: number } {
  let [killed, undecided] = [0, 0];
  for (const pid of processIds()) {
    const environment = pid === process.pid ? undefined : read(`/proc/${pid}/environ`);
    if (environment === "" && isProgram(pid)) undecided++;
    if (environment?.split("\0").includes(variable) !== true) continue;
    try {
      process.kill(pid, "SIGKILL");
      killed++;
    } catch {
      // it has ended
    }
  }
  return { killed, undecided };
}

/** Number of searches, and the milliseconds between them: a killed process takes some time to end. */
const ROUNDS = 100;
const ROUND_MS = 10;
/** Number of rounds to wait for processes whose environment cannot be read yet; that of some never can. */
const UNDECIDED_ROUNDS = 10;

/** {@link killMarked}, and waits until the processes have ended. */
export async function endMarked(variable: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const { killed, undecided } = killMarked(variable);
    if (killed === 0 && (undecided === 0 || round >= UNDECIDED_ROUNDS)) return;
    await delay(ROUND_MS);
  }
}

function processIds(): number[] {
  if (process.platform !== "linux") return [];
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}

/** Whether a process runs a program; kernel threads and zombies do not. */
function isProgram(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) !== "";
  } catch {
    return false;
  }
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return undefined; // another user's, or gone
  }
}
