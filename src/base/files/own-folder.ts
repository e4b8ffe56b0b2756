import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { errorCode } from "./error-code";

/**
 * Makes a temporary folder that only this user can open, and removes those of processes that have ended without doing
 * so, as one does that is killed outright. The name holds the owner: the machine, the process and its start.
 *
 * @param kind - what the folder is for: lower-case letters
 * @param base - the folder to make it in; by default the system's for temporary files
 */
export function makeOwnFolder(kind: string, base = tmpdir()): string {
  removeAbandoned(base);
  return mkdtempSync(join(base, `tslora-${kind}-${machine()}-${process.pid}-${startOf(process.pid) ?? ""}-`));
}

/** Removes the folders of processes of this machine that have ended; other machines' and other users' stay. */
export function removeAbandoned(base: string): void {
  for (const name of readdirSync(base)) {
    const match = /^tslora-[a-z]+-([0-9a-f]{6})-(\d+)-(\d+)-\w{6}$/.exec(name);
    if (match === null || match[1] !== machine() || startOf(Number(match[2])) === match[3]) continue;
    try {
      rmSync(join(base, name), { recursive: true, force: true });
    } catch {
      // another user's
    }
  }
}

let own: string | undefined;

/** Names this machine, and the container on it: process ids mean something only there. */
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

/**
 * When a process started, as digits; undefined where there is none. "0" for a living process whose start is unknown.
 */
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
