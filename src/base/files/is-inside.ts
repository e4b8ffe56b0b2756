import { isAbsolute, relative, sep } from "node:path";

/** Whether a path is below a folder, by the paths alone: links are not followed. The folder itself is not below it. */
export function isInside(folder: string, path: string): boolean {
  const rest = relative(folder, path);
  return rest !== "" && rest !== ".." && !rest.startsWith(`..${sep}`) && !isAbsolute(rest);
}
