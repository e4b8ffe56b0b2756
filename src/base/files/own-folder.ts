import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { errorCode } from "./error-code";

/**
 * Makes a temporary folder that only this user can open, and removes the folders that killed processes left behind. Its
 * name identifies the owner: the machine, the process and the process's start time.
 *
 * @param kind - the purpose of the folder, in lower-case letters
 * @param base - the parent folder; by default the system's folder for temporary files
 */
export function makeOwnFolder(kind: string, base = tmpdir()): string {
  removeAbandoned(base);
  return mkdtempSync(join(base, `tslora-${kind}-${machine()}-${process.pid}-${startOf(process.pid) ?? ""}-`));
}

/** Removes the folders of ended processes of this machine, except those of other users. */
export function removeAbandoned(base: string): void {
  for (const name of readdirSync(base)) {
    const match = /^tslora-[a-z]+-([0-9a-f]{6})-(\d+)-(\d+)-\w{6}$/.exec(name);
    if (match === null || match[1] !== machine() || startOf(Number(match[2])) === match[3]) continue;
    try {
      rmSync(join(base, name), { recursive: true, force: true });
    } catch {
      // The folder belongs to another user.
    }
  }
}

let own: string | undefined;

/** Identifies this machine and container, within which process ids are valid. */
function machine(): string {
  if (own !== undefined) return own;
  let processes = "";
  try {
    processes = readlinkSync("/proc/self/ns/pid");
  } catch {
    // not Linux
  }
  own = createHash("sha256").update(`${hostname()} ${processes}`).digest("hex").slice(0, 6);
  return own;
}

/** The start time of a process, as digits; undefined if there is no such process, "0" if its start is unknown. */
function startOf(pid: number): string | undefined {
  if (process.platform !== "linux") return isAlive(pid) ? "0" : undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the command's name may hold blanks and brackets
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === "EPERM";
  }
}
