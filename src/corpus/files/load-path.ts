import { existsSync } from "node:fs";
import { stat } from "node:fs/promises";
import { extname, isAbsolute, resolve } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { shownPath } from "../../base/shown-path";
import { Problems } from "../../base/problems";
import { places } from "../../base/places";
import { TsloraError } from "../../base/tslora-error";
import { buildCorpus } from "../build-corpus";
import type { Corpus } from "../corpus";
import type { LoadSettings } from "../load-options";
import { readClassFiles } from "./read-class-files";
import { readBytes } from "./read-bytes";
import { readFolder } from "./read-folder";
import { readRows } from "../table/read-rows";
import { readTable } from "../table/read-table";
import { readZip } from "./read-zip";
import { readDelimiter, TABLE_ENDINGS } from "../table/table-format";

const ENDINGS = [".zip", ...Object.keys(TABLE_ENDINGS)];

/** Loads an archive, a folder or a table, by its extension. */
export async function loadPath(path: string, settings: LoadSettings, why: string): Promise<Corpus> {
  const { labels, limits } = settings;
  const name = shownPath(path);
  const options = { ...settings, why };
  if ((await stat(path)).isDirectory()) {
    refuseTableOptions(path, settings);
    return buildCorpus(
      { kind: "folder", path },
      name,
      readClassFiles(name, await readFolder(path, limits), labels),
      options,
    );
  }
  const ending = extname(path).toLowerCase();
  const kind = TABLE_ENDINGS[ending];
  if (kind === undefined && ending !== ".zip")
    throw new TsloraError(
      "unsupported",
      `${name} must be a folder or a file that ends in ${ENDINGS.join(", ")}.${unpackAdvice(ending)}`,
      { details: { path } },
    );
  if (kind === undefined) {
    refuseTableOptions(path, settings);
    const { bytes, sha256 } = await readBytes(path, limits);
    return buildCorpus(
      { kind: "zip", path, sha256 },
      name,
      readClassFiles(name, await readZip(path, bytes, limits), labels),
      options,
    );
  }
  const { bytes, sha256 } = await readBytes(path, limits);
  const format = { kind, delimiter: readDelimiter(settings.delimiter, ending), quote: settings.quote ?? true };
  const rows = readRows(name, bytes, { format, limits });
  return buildCorpus(
    { kind, path, sha256 },
    name,
    readTable(name, rows, { ...settings, delimiter: kind === "csv" ? format.delimiter : undefined }),
    options,
  );
}

function unpackAdvice(ending: string): string {
  if ([".gz", ".bz2", ".xz", ".zst", ".7z", ".tgz", ".tar"].includes(ending)) return " Unpack it first.";
  if ([".xlsx", ".xls", ".ods"].includes(ending)) return " Save the sheet as CSV.";
  return ending === ".parquet" || ending === ".arrow" ? " Convert it to JSON Lines." : "";
}

/**
 * Finds a path relative to the current folder, or to the clone or project: npm runs scripts there, notebooks run
 * elsewhere.
 */
export async function findPath(given: string): Promise<string> {
  const source = expandHome(given);
  const tried = isAbsolute(source) ? [source] : [...new Set([resolve(source), resolve(places().project, source)])];
  const found = tried.find((path) => existsSync(path));
  if (found === undefined)
    throw new TsloraError(
      "not-found",
      `There are no data at ${tried.join(" or ")}. Give a path, "pubmed", "sample" or "auto".`,
      { details: { source, tried } },
    );
  return found;
}

function refuseTableOptions(path: string, settings: LoadSettings): void {
  const { textColumn, textPair, labelColumn, labelColumns, idColumn, groupColumn, delimiter, quote } = settings;
  const problems = new Problems("loadCorpus");
  for (const [name, value] of Object.entries({
    textColumn,
    textPair,
    labelColumn,
    labelColumns,
    multiLabel: settings.multiLabel === true ? true : undefined,
    idColumn,
    groupColumn,
    delimiter,
    quote,
  })) {
    problems.expect(value === undefined, `${name} is for CSV and JSONL files; got it for ${shownPath(path)}`);
  }
  problems.throwIfAny();
}
