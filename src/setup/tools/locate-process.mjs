// @ts-check
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * A process's start time, by its system's clock. Together with its id this identifies a process uniquely, since ids are
 * reused.
 *
 * @param {number} pid
 * @returns {string | undefined} undefined if there is no such process; a zombie counts as ended
 */
export function locateProcess(pid) {
  try {
    if (process.platform === "linux") {
      // The command's name is in brackets and may hold blanks and brackets: count fields after the last bracket.
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
 * @param {{ pid: number, started?: string | undefined }} name
 * @returns {boolean | undefined} undefined if this process cannot tell: the start is unknown, or the system hides other
 *   users' processes
 */
export function isRunning({ pid, started }) {
  const found = locateProcess(pid);
  if (found !== undefined) return started === undefined ? undefined : found === started;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "ESRCH" ? false : undefined;
  }
  return locateProcess(process.pid) === undefined ? undefined : false; // a zombie, unless nothing can be located
}
