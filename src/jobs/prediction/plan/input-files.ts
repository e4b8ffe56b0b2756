import { basename, resolve } from "node:path";

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
 * @throws TsloraError `not-found` if a pattern matches nothing, `bad-input` for a file of another format.
 */
export function inputFiles(inputs: readonly string[]): InputFile[] {
  const paths = new Set<string>();
  for (const input of inputs) {
    const found = isPattern(input) ? matchPaths(input) : [input];
    if (found.length === 0)
      throw new TsloraError("not-found", `No file matches ${shownPath(input)}. Check the path; quote the pattern.`);
    for (const path of found) paths.add(resolve(path));
  }
  const ordered = [...paths].sort((a, b) => compareCodePoints(basename(a), basename(b)) || compareCodePoints(a, b));
  const names = new Map<string, number>();
  return ordered.map((path) => {
    const kind = recordKind(path);
    const stem = basename(path)
      .replace(/(\.(xml|jsonl|ndjson|csv|tsv|parquet))?(\.(gz|zst))?$/i, "")
      .replace(/[^A-Za-z0-9._-]/g, "-")
      .replace(/^\./, "-")
      .slice(0, LONGEST);
    const same = (names.get(stem) ?? 0) + 1;
    names.set(stem, same);
    return { path, kind, name: `${stem === "" ? "texts" : stem}${same === 1 ? "" : `-file${same}`}` };
  });
}
