import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

/**
 * Why tests with servers are skipped: the programs that are missing, and how to install them; false if none is.
 *
 * @param debian - Debian's packages that hold them
 */
export function missingPrograms(programs: readonly string[], debian: string): string | false {
  const missing = programs.filter((name) => findProgram(name) === undefined);
  return missing.length > 0 && `${missing.join(", ")} is not installed: apt-get install ${debian}`;
}

/** The path of a program; servers are also where administrators have theirs. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}
