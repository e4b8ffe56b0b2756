import { existsSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";

import { isPattern, matchPaths } from "../../base/files/match-paths";
import { Problems } from "../../base/problems";

/**
 * The notebooks that arguments name: a file as it is, a folder's notebooks, or those that a pattern matches, which is
 * for shells that do not expand it, and for quoted ones. Each once, in the order given. A pattern from outside the
 * output folder does not match what earlier runs left in it.
 *
 * @throws TsloraError `bad-option` for a folder or pattern without notebooks.
 */
export function expandNotebooks(given: readonly string[], outputDir?: string): string[] {
  const problems = new Problems("tslora run");
  const found = given.flatMap((path) => {
    if (existsSync(path) && !statSync(path).isDirectory()) return [path];
    const isFolder = existsSync(path);
    if (!isFolder && !isPattern(path)) return [path]; // missing: an error when it is read
    const matches = matchPaths(isFolder ? join(path, "*.ipynb") : path).filter(
      (match) =>
        match.endsWith(".ipynb") && !match.includes(".ipynb_checkpoints") && !isLeftover(match, path, outputDir),
    );
    problems.expect(
      matches.length > 0,
      isFolder ? `the folder ${path} has no notebooks in it` : `no notebook matches ${path}`,
    );
    return matches;
  });
  problems.throwIfAny();
  return found.filter((path, at) => given.includes(path) || found.indexOf(path) === at);
}

/** Whether a match of a pattern lies in the output folder, which the pattern itself does not name. */
function isLeftover(match: string, pattern: string, outputDir: string | undefined): boolean {
  if (outputDir === undefined) return false;
  const inside = (path: string): boolean => `${resolve(path)}${sep}`.startsWith(`${resolve(outputDir)}${sep}`);
  return inside(match) && !inside(pattern) && resolve(outputDir) !== process.cwd();
}
