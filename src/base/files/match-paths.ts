import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { nameMatcher } from "./match-name";

/** Whether a path is a pattern: has `*`, `?`, `[` or `{`. */
export function isPattern(path: string): boolean {
  return /[*?[{]/.test(path);
}

/**
 * The files that match a pattern, sorted: `*` and `?` within a name, `**` for any folders, `[abc]`, `{a,b}`. A name
 * that begins with a dot matches only a part that begins with a dot too. A name that exists with its brackets, such as
 * `texts[1].csv`, means itself.
 */
export function matchPaths(pattern: string): string[] {
  if (isNamed(pattern, "file")) return [pattern];
  const found = new Set<string>();
  for (const plain of braces(pattern)) {
    const parts = plain.split("/");
    walk(parts[0] === "" ? "/" : "", parts[0] === "" ? parts.slice(1) : parts, found);
  }
  return [...found].sort();
}

function walk(folder: string, [part, ...rest]: readonly string[], found: Set<string>): void {
  const below = (name: string): string => join(folder, name);
  if (part === "**") {
    if (rest[0] === "**") return walk(folder, rest, found); // equal to one `**`, and avoids repeated searches
    walk(folder, rest.length === 0 ? ["*"] : rest, found);
    for (const { name, isFolder } of entries(folder))
      if (isFolder && !name.startsWith(".") && name !== "node_modules") walk(below(name), [part, ...rest], found);
    return;
  }
  if (!isPattern(part) || isNamed(below(part), rest.length > 0 ? "folder" : "file")) {
    const kind = kindOf(below(part));
    if (rest.length > 0 && kind === "folder") walk(below(part), rest, found);
    else if (rest.length === 0 && kind === "file") found.add(below(part));
    return;
  }
  const matches = nameMatcher(part);
  for (const { name, isFolder } of entries(folder)) {
    if (!matches(name) || (name.startsWith(".") && !part.startsWith("."))) continue;
    if (rest.length > 0 && isFolder) walk(below(name), rest, found);
    else if (rest.length === 0 && !isFolder) found.add(below(name));
  }
}

/** Whether there is a file or folder of exactly this name, which has brackets but no stars. */
function isNamed(path: string, kind: "file" | "folder"): boolean {
  return !/[*?]/.test(path) && kindOf(path) === kind;
}

function braces(pattern: string): string[] {
  const match = /\{([^{}]*)\}/.exec(pattern);
  if (match === null) return [pattern];
  return match[1]
    .split(",")
    .flatMap((choice) => braces(pattern.slice(0, match.index) + choice + pattern.slice(match.index + match[0].length)));
}

/** The names in a folder; none if it cannot be read. */
export function entries(folder: string): { name: string; isFolder: boolean }[] {
  try {
    return readdirSync(folder === "" ? "." : folder).map((name) => ({
      name,
      isFolder: kindOf(join(folder, name)) === "folder",
    }));
  } catch {
    return []; // not readable
  }
}

function kindOf(path: string): "file" | "folder" | undefined {
  try {
    return statSync(path).isDirectory() ? "folder" : "file";
  } catch {
    return undefined;
  }
}
