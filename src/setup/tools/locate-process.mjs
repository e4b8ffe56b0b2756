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
    }).trim();
    return answer === "" || answer.startsWith("Z") ? undefined : answer.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}
