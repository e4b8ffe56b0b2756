/** Replaces base/shown-path: a site's paths are short. */
export function shownPath(path: string): string {
  return path;
}
