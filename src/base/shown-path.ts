import { homedir } from "node:os";
import { isAbsolute, join, relative } from "node:path";

import { places } from "./places";
import { shownText } from "./shown-value";

// eslint-disable-next-line no-control-regex -- these are escaped
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/g;

const LENGTH = 300; // characters

/**
 * A path as messages show it: relative to the clone, the project or the home folder if it is inside one, else whole.
 * Control characters are escaped, and a very long path is cut.
 */
export function shownPath(path: string): string {
  const short =
    inside(places().project, path) ??
    (inside(homedir(), path) === undefined ? path : join("~", relative(homedir(), path)));
  return shownText(
    short.replace(CONTROL, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
    LENGTH,
  );
}

function inside(folder: string, path: string): string | undefined {
  const rest = relative(folder, path);
  return rest === "" || rest.startsWith("..") || isAbsolute(rest) ? undefined : rest;
}
