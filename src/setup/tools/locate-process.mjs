// @ts-check
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * When a process started, by its system's clock: together with its id this names one process for good, since ids are
 * given out again and start times are not.
 *
 * @param {number} pid
 * @returns {string | undefined} nothing where no such process lives; a zombie counts as gone
 */
export function locateProcess(pid) {
  try {
    if (process.platform === "linux") {
      // The command's name is in brackets and may hold blanks and brackets: fields are counted behind the last one.
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
