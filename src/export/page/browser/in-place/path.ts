/** Replaces `join` of node:path: a site has only one folder. */
export function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("/");
}
