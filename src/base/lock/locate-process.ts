import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

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
    }).trim();
    return answer === "" || answer.startsWith("Z") ? undefined : answer.replace(/^\S+\s+/, "");
  } catch {
    return undefined;
  }
}
