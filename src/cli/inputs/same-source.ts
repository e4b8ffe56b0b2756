import { realpathSync } from "node:fs";

/** Whether two sources of data are the same: by name, or as one file that two paths lead to. */
export function isSameSource(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  const [first, second] = [realPath(one), realPath(other)];
  return one === other || (first !== undefined && first === second);
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined; // it is a name, such as sample
  }
}
