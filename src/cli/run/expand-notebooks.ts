import { existsSync, statSync } from "node:fs";
import { join, resolve, sep } from "node:path";

import { entries, isPattern, matchPaths } from "../../base/files/match-paths";
import { Problems } from "../../base/problems";

/**
 * Expands arguments to notebooks: a file, the notebooks of a folder, or the matches of a pattern that is quoted or that
 * the shell does not expand. Each notebook once, in the order given. A pattern from outside the output folder does not
 * match the results of earlier runs in it.
 *
 * @throws TsloraError `bad-option` for a folder or pattern without notebooks.
 */
export function expandNotebooks(given: readonly string[], outputDir?: string): string[] {
  const problems = new Problems("tslora run");
  const found = given.flatMap((path) => {
    if (existsSync(path) && !statSync(path).isDirectory()) return [path];
    const isFolder = existsSync(path);
    if (!isFolder && !isPattern(path)) return [path]; // a missing file is an error when it is read
    const matches = (isFolder ? notebooksIn(path) : matchPaths(path)).filter(
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

/** The notebooks of a folder, whose name may hold characters of a pattern. */
function notebooksIn(folder: string): string[] {
  return entries(folder)
    .filter(({ name, isFolder }) => !isFolder && name.endsWith(".ipynb") && !name.startsWith("."))
    .map(({ name }) => join(folder, name))
    .sort();
}

/** Whether a match of a pattern is in the output folder although the pattern does not name that folder. */
function isLeftover(match: string, pattern: string, outputDir: string | undefined): boolean {
  if (outputDir === undefined) return false;
  const inside = (path: string): boolean => `${resolve(path)}${sep}`.startsWith(`${resolve(outputDir)}${sep}`);
  return inside(match) && !inside(pattern) && resolve(outputDir) !== process.cwd();
}
