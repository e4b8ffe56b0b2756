/** Stands for `join` of node:path: names in one folder. */
export function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("/");
}
