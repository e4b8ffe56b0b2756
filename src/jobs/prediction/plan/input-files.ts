import { statSync } from "node:fs";
import { basename, resolve } from "node:path";

import { expandHome } from "../../../base/files/expand-home";
import { isPattern, matchPaths } from "../../../base/files/match-paths";
import { compareCodePoints } from "../../../base/compare-code-points";
import { shownPath } from "../../../base/shown-path";
import { TsloraError } from "../../../base/tslora-error";
import { recordKind, type RecordKind } from "../../../corpus/records/read-records";

/** A file of texts. */
export interface InputFile {
  /** Absolute. */
  readonly path: string;
  readonly kind: RecordKind;
  /** Names of its jobs begin with this. */
  readonly name: string;
}

/** The most characters of a file's part of a job's name. */
const LONGEST = 120;

/**
 * The files of paths and patterns, each once. PubMed's files are in the order of their names, which is the order in
 * which updates apply; `pubmed25n0001` to the last.
 *
 * @throws TsloraError `not-found` if a pattern matches nothing or a file is missing, `bad-input` for a folder or a file
 *   of another format.
 */
export function inputFiles(inputs: readonly string[]): InputFile[] {
  const paths = new Set<string>();
  for (const input of inputs.map(expandHome)) {
    const found = isPattern(input) ? matchPaths(input) : [input];
    if (found.length === 0)
      throw new TsloraError("not-found", `No file matches ${shownPath(input)}. Check the path; quote the pattern.`);
    for (const path of found) paths.add(resolve(path));
  }
  const ordered = [...paths].sort((a, b) => compareCodePoints(basename(a), basename(b)) || compareCodePoints(a, b));
  const names = new Set<string>();
  return ordered.map((path) => {
    const kind = recordKind(path);
    expectFile(path);
    const stem = basename(path)
      .replace(/(\.(xml|jsonl|ndjson|csv|tsv|parquet))?(\.(gz|zst))?$/i, "")
      .replace(/[^A-Za-z0-9._-]/g, "-")
      .replace(/^\./, "-")
      .slice(0, LONGEST);
    return { path, kind, name: freeName(stem === "" ? "texts" : stem, names) };
  });
}

/**
 * A name that is not taken: `a`, or `a-file2`, `a-file3` and so on. Adds it to the taken ones. Names that differ in
 * upper and lower case alone count as the same, as on file systems that ignore case.
 */
export function freeName(name: string, taken: Set<string>): string {
  let free = name;
  for (let n = 2; taken.has(free.toLowerCase()); n++) free = `${name}-file${n}`;
  taken.add(free.toLowerCase());
  return free;
}

function expectFile(path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new TsloraError("not-found", `${shownPath(path)} does not exist. Check the path.`);
  if (found.isDirectory())
    throw new TsloraError(
      "bad-input",
      `${shownPath(path)} must be a file; it is a folder. Give a pattern, such as 'folder/*.jsonl'.`,
    );
}
