import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * Returns when a process started, as its system reports it. Together with its id this names one process for good:
 * ids are given out again, start times are not.
 *
 * @returns undefined when no such process lives; a process that has ended and was not collected yet counts as gone
 */
export function locateProcess(pid: number): string | undefined {
  try {
    if (process.platform === "linux") {
      // The command's name is in brackets and may hold blanks and brackets itself: count the fields behind the last
      // one.
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
