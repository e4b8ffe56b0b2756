import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, isAbsolute, resolve } from "node:path";

import { expandHome } from "../base/expand-home";
import { shownPath } from "../base/shown-path";
import { Problems } from "../base/problems";
import { projectRoot } from "../base/project-root";
import { TsloraError } from "../base/tslora-error";
import { finishCorpus } from "./finish-corpus";
import type { Corpus } from "./corpus";
import type { LoadSettings } from "./load-options";
import { readClassFiles } from "./read-class-files";
import { readBytes } from "./read-bytes";
import { readFolder } from "./read-folder";
import { readCsvRows, readJsonlRows } from "./read-rows";
import { readTable } from "./read-table";
import { readZip } from "./read-zip";

const KINDS: Readonly<Record<string, "zip" | "csv" | "jsonl">> = { ".zip": "zip", ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl" };

/** Loads an archive, a folder or a table; which of them, its ending says. */
export async function loadPath(path: string, settings: LoadSettings, why: string): Promise<Corpus> {
  const { labels, limits } = settings;
  const folder = (await stat(path)).isDirectory();
  const kind = folder ? "folder" : KINDS[extname(path).toLowerCase()];
  if (kind === undefined) throw new TsloraError("unsupported", `${path}: expected a folder or a file that ends in ${Object.keys(KINDS).join(", ")}.`, { details: { path } });
  if (kind === "folder" || kind === "zip") refuseColumns(path, settings);
  if (kind === "folder") return finishCorpus({ kind, path }, shownPath(path), readClassFiles(shownPath(path), await readFolder(path, limits), labels), { ...settings, why });
  const { bytes, sha256 } = await readBytes(path, limits);
  const source = { kind, path, sha256 };
  if (kind === "zip") return finishCorpus(source, shownPath(path), readClassFiles(shownPath(path), await readZip(path, bytes, limits), labels), { ...settings, why });
  const delimiter = settings.delimiter ?? (path.toLowerCase().endsWith(".tsv") ? "\t" : ",");
  const rows = kind === "csv" ? readCsvRows(path, bytes, delimiter) : readJsonlRows(path, bytes);
  return finishCorpus(source, shownPath(path), readTable(path, rows, settings), { ...settings, why });
}

/** A path as given, or beside the clone: npm runs scripts there, notebooks run in folders of their own. */
export async function findPath(given: string): Promise<string> {
  const source = expandHome(given);
  const tried = isAbsolute(source) ? [source] : [...new Set([resolve(source), resolve(projectRoot(), source)])];
  const found = tried.find((path) => existsSync(path));
  if (found === undefined) throw new TsloraError("not-found", `expected data at ${tried.join(" or ")}, but there is no such file or folder. Give a path, "pubmed", "sample" or "auto".`, { details: { source, tried } });
  return found;
}

function refuseColumns(path: string, { textColumn, labelColumn, idColumn }: LoadSettings): void {
  const problems = new Problems("loadCorpus");
  for (const [name, value] of Object.entries({ textColumn, labelColumn, idColumn })) {
    problems.expect(value === undefined, `${name}: expected for CSV and JSONL files only, got it for ${path}`);
  }
  problems.throwIfAny();
}
