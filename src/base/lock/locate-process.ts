import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

import { errorCode } from "../files/error-code";

/** A process as it was found earlier. */
export interface ProcessName {
  readonly pid: number;
  /** See {@link locateProcess}. */
  readonly started?: string;
}

/**
 * Returns a process's start time, as its system reports it. Together with its id this identifies a process uniquely,
 * since ids are reused.
 *
 * @returns undefined if there is no such process; a zombie counts as ended
 */
export function locateProcess(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      // The command's name is in brackets and may hold blanks and brackets itself: count the fields after the last
      // bracket.
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
    }
    const answer = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
      env: { ...process.env, LC_ALL: "C", TZ: "UTC" }, // the same text whatever language and time zone a process has
    }).trim();
    return answer === "" || answer.startsWith("Z") ? undefined : answer.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}

/**
 * Whether a process is still running.
 *
 * @returns undefined if this process cannot tell: the start is unknown, or the system hides other users' processes
 */
export function isRunning({ pid, started }: ProcessName): boolean | undefined {
  const found = locateProcess(pid);
  if (found !== undefined) return started === undefined ? undefined : found === started;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return errorCode(error) === "ESRCH" ? false : undefined;
  }
  return locateProcess(process.pid) === undefined ? undefined : false; // a zombie, unless nothing can be located
}
