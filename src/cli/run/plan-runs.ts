import { realpathSync } from "node:fs";
import { basename, dirname, join, relative, resolve, sep } from "node:path";

import { Problems } from "../../base/problems";
import { shortPath } from "./run-in-terminal";

/** A notebook and the path of its executed copy. */
export interface PlannedRun {
  readonly path: string;
  readonly outputPath: string;
  /** Its name in the output, with its folders if another notebook has the same name. */
  readonly name: string;
}

/**
 * Plans where executed notebooks are saved: directly in the output folder, or, if two have the same name, in their own
 * folders below the common one. A file that is given twice, in another spelling or by a link, is run once.
 *
 * @throws TsloraError `bad-option` for two notebooks that would still be saved under one path.
 */
export function planRuns(notebooks: readonly string[], folder: string): PlannedRun[] {
  const files = new Map<string, string>();
  for (const path of notebooks) if (!files.has(realPath(path))) files.set(realPath(path), path);
  const paths = [...files.values()];
  const names = paths.map((path) => basename(path).toLowerCase()); // some file systems ignore case
  const sameName = names.some((name, at) =>
    names.some((other, place) => place < at && other === name && dirOf(paths[place]) !== dirOf(paths[at])),
  );
  const common = commonFolder(paths.map(dirOf));
  const planned = paths.map((path): PlannedRun => {
    const place = (sameName ? relative(common, resolve(path)) : basename(path)).replace(/(\.ipynb)?$/, "");
    return { path, outputPath: resolve(join(folder, `${place}.ipynb`)), name: place };
  });
  const problems = new Problems("tslora run");
  const places = planned.map(({ outputPath }) => outputPath);
  for (const [at, place] of places.entries()) {
    const first = places.indexOf(place);
    const both = `${paths[at]} and ${paths[first]} would both be saved as ${shortPath(place)}`;
    problems.expect(first === at, `${both}; run them with different --output-dir`);
  }
  problems.throwIfAny();
  return planned;
}

function dirOf(path: string): string {
  return dirname(resolve(path));
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path); // a missing file is an error when it is read
  }
}

/** The deepest folder that contains all others. */
function commonFolder(folders: readonly string[]): string {
  const [first = [], ...rest] = folders.map((folder) => folder.split(sep));
  let depth = first.length;
  for (const parts of rest) {
    let same = 0;
    while (same < depth && parts[same] === first[same]) same++;
    depth = same;
  }
  return first.slice(0, depth).join(sep) || sep;
}
