/** Replaces base/files/expand-home: a site has no home folder. */
export function expandHome(path: string): string {
  return path;
}
