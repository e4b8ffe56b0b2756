import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { extname, isAbsolute, join, resolve } from "node:path";

import { Problems } from "../base/problems";
import { projectRoot } from "../base/project-root";
import { TsloraError } from "../base/tslora-error";
import { buildCorpus } from "./build-corpus";
import { DEFAULT_LIMITS, type Corpus, type CorpusLimits, type CorpusReport, type CorpusSource, type Reading } from "./corpus";
import { fetchPubmed, type FetchPubmedOptions, type PubmedEvent } from "./fetch-pubmed";
import { readPubmedCache, type PubmedResult } from "./pubmed-cache";
import { readFolder } from "./read-folder";
import { readPmids } from "./read-pmids";
import { readCsvRows, readJsonlRows } from "./read-rows";
import { readSample, SAMPLE_BANNER } from "./read-sample";
import { readStudyFiles, STUDY_CLASSES } from "./read-study-files";
import { readTable, type TableOptions } from "./read-table";
import { readZip } from "./read-zip";

/** How to load a corpus. The columns are for CSV and JSONL files only. */
export interface LoadCorpusOptions extends TableOptions {
  /** What parts the cells of a CSV file. @default a comma; a tab for `.tsv` */
  readonly delimiter?: string;
  /** Whether an entry that cannot be used refuses the whole, or is left out and named in the report. @default "refuse" */
  readonly onBadEntry?: "refuse" | "report";
  /** Bounds on what is read. */
  readonly limits?: Partial<CorpusLimits>;
  /** How PubMed is asked, where it is. */
  readonly pubmed?: Omit<FetchPubmedOptions, "pmids" | "cacheDir" | "signal">;
  /** Where `pmids.csv`, `sample.jsonl` and perhaps a `Dataset.zip` lie. @default `data` in the clone */
  readonly dataDir?: string;
  /** Where what PubMed brought is kept. @default `.tslora/data` in the clone */
  readonly cacheDir?: string;
  /** Told how a fetch from PubMed gets on. @default nobody */
  readonly onProgress?: (event: PubmedEvent) => void;
  /** Stops a fetch from PubMed. */
  readonly signal?: AbortSignal;
}

/** The options with every default in place. */
interface Settings extends LoadCorpusOptions {
  readonly onBadEntry: "refuse" | "report";
  readonly limits: CorpusLimits;
  readonly dataDir: string;
  readonly cacheDir: string;
}

/**
 * Loads a labelled corpus into a danfojs frame with the columns `texts`, `ID`, `label`.
 *
 * `source` is the path of a `Dataset.zip` in the study's format, of a folder of the same shape, or of a CSV, TSV or
 * JSONL file; `"pubmed"`, the study's abstracts by their PMIDs; `"sample"`, texts written for this project; or
 * `"auto"`: what the environment's TSLORA_DATA names, else a `Dataset.zip` in `data/`, else PubMed (from the cache, if
 * it was asked before), else the sample. Only `"auto"` goes on to the next, never away from a source that was named,
 * and `notice` says what was taken and why.
 *
 * What cannot be used is never dropped in silence. An entry that cannot (see {@link CorpusProblemKind}) refuses the
 * whole by default, all such entries named at once; with `onBadEntry: "report"` it is left out and named in `report`.
 * What makes the whole doubtful is always refused: a damaged or encrypted archive, a name that leaves its folder, more
 * bytes or entries than the limits allow, a table that is not UTF-8 or lacks a column, an empty class. Files that are
 * no texts at all (`.DS_Store`, `__MACOSX`, other endings than `.txt`) are ignored, and named.
 *
 * @throws TsloraError `not-found`, `bad-input`, `unsupported` (another kind of file), `bad-option`; of PubMed also
 * `unreachable` and `aborted`.
 */
export async function loadCorpus(source = "auto", options: LoadCorpusOptions = {}): Promise<Corpus> {
  const settings: Settings = {
    ...options,
    onBadEntry: options.onBadEntry ?? "refuse",
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    dataDir: options.dataDir ?? join(projectRoot(), "data"),
    cacheDir: options.cacheDir ?? join(projectRoot(), ".tslora", "data"),
  };
  check(settings);
  const given = process.env.TSLORA_DATA;
  if (source !== "auto") return loadNamed(source, settings, "as asked for");
  if (given !== undefined && given !== "" && given !== "auto") return loadNamed(given, settings, "since TSLORA_DATA names it");
  return loadAuto(settings);
}

async function loadNamed(source: string, settings: Settings, why: string): Promise<Corpus> {
  if (source === "sample") return loadSample(settings, why);
  if (source === "pubmed") return loadPubmed(settings, why);
  return loadPath(await findPath(source), settings, why);
}

async function loadAuto(settings: Settings): Promise<Corpus> {
  const own = join(settings.dataDir, "Dataset.zip");
  if (existsSync(own)) return loadPath(own, settings, "since it lies there");
  try {
    return await loadPubmed(settings, `since there is no ${own}`);
  } catch (error) {
    if (!(error instanceof TsloraError && error.code === "unreachable")) throw error;
    return loadSample(settings, `since there is no ${own}, and PubMed cannot be asked: ${error.message}`);
  }
}

async function loadPubmed(settings: Settings, why: string): Promise<Corpus> {
  const { dataDir, cacheDir, signal, onProgress } = settings;
  const pmids = await readPmids(join(dataDir, "pmids.csv"));
  let result = await readPubmedCache(cacheDir, pmids);
  if (result === undefined) {
    const fetching = fetchPubmed({ ...settings.pubmed, pmids, cacheDir, signal });
    let next = await fetching.next();
    for (; next.done !== true; next = await fetching.next()) onProgress?.(next.value);
    result = next.value;
  }
  const { path, fetched } = result;
  const bytes = await readBytes(path, settings.limits);
  const reading = readStudyFiles(await readZip(path, bytes, settings.limits), STUDY_CLASSES);
  const source: CorpusSource = { kind: "pubmed", path, fetched, sha256: sha256(bytes) };
  return finish(source, `PubMed (fetched ${fetched.slice(0, 10)}, kept in ${path})`, { ...reading, remarks: fetchRemarks(result) }, settings, why);
}

async function loadSample(settings: Settings, why: string): Promise<Corpus> {
  const path = join(settings.dataDir, "sample.jsonl");
  const bytes = await readBytes(path, settings.limits);
  const corpus = finish({ kind: "sample", path, sha256: sha256(bytes) }, `the embedded sample (${path})`, readSample(path, bytes), settings, why);
  return { ...corpus, banner: SAMPLE_BANNER };
}

async function loadPath(path: string, settings: Settings, why: string): Promise<Corpus> {
  const { labels = STUDY_CLASSES, limits } = settings;
  const folder = (await stat(path)).isDirectory();
  const kind = folder ? "folder" : KINDS[extname(path).toLowerCase()];
  if (kind === undefined) throw new TsloraError("unsupported", `${path}: expected a folder or a file that ends in ${Object.keys(KINDS).join(", ")}.`, { details: { path } });
  if (kind === "folder" || kind === "zip") refuseColumns(path, settings);
  if (kind === "folder") return finish({ kind, path }, path, readStudyFiles(await readFolder(path, limits), labels), settings, why);
  const bytes = await readBytes(path, limits);
  const source: CorpusSource = { kind, path, sha256: sha256(bytes) };
  if (kind === "zip") return finish(source, path, readStudyFiles(await readZip(path, bytes, limits), labels), settings, why);
  const delimiter = settings.delimiter ?? (path.toLowerCase().endsWith(".tsv") ? "\t" : ",");
  const rows = kind === "csv" ? readCsvRows(path, bytes, delimiter) : readJsonlRows(path, bytes);
  return finish(source, path, readTable(path, rows, settings), settings, why);
}

const KINDS: Readonly<Record<string, "zip" | "csv" | "jsonl">> = { ".zip": "zip", ".csv": "csv", ".tsv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl" };

function finish(source: CorpusSource, from: string, reading: Reading, { onBadEntry }: Settings, why: string): Corpus {
  const { frame, report } = buildCorpus(from, reading, onBadEntry);
  return { frame, source, report, notice: notice(from, report, why) };
}

function notice(from: string, { counts, classes, remarks }: CorpusReport, why: string): string {
  const of = classes.map(({ label, name, count }) => `${count} of label ${label}${name === String(label) ? "" : ` (${name})`}`).join(", ");
  const sentences = [`Data: ${counts.kept} texts, ${of}, from ${from}, ${why}.`];
  if (counts.leftOut > 0) sentences.push(`${counts.leftOut} of ${counts.read} entries were left out; the report names them.`);
  return [...sentences, ...remarks].join(" ");
}

function fetchRemarks({ asked, kept, retracted, vanished, withoutAbstract }: PubmedResult): string[] {
  const remarks: string[] = [];
  if (kept < asked) remarks.push(`Of ${asked} records asked for, ${kept} were usable: the split is no longer the study's.`);
  if (vanished.length > 0) remarks.push(`PubMed no longer has ${vanished.join(", ")}.`);
  if (withoutAbstract.length > 0) remarks.push(`There is no abstract of ${withoutAbstract.join(", ")}.`);
  if (retracted.length > 0) remarks.push(`Retracted since: ${retracted.join(", ")}.`);
  return remarks;
}

/** A path as given, or beside the clone: npm runs scripts there, notebooks run in folders of their own. */
async function findPath(source: string): Promise<string> {
  const tried = isAbsolute(source) ? [source] : [...new Set([resolve(source), resolve(projectRoot(), source)])];
  const found = tried.find((path) => existsSync(path));
  if (found === undefined) throw new TsloraError("not-found", `expected data at ${tried.join(" or ")}, but there is no such file or folder. Give a path, "pubmed", "sample" or "auto".`, { details: { source, tried } });
  return found;
}

async function readBytes(path: string, { maxUnpackedBytes }: CorpusLimits): Promise<Uint8Array> {
  const size = await stat(path).then((file) => file.size, () => undefined);
  if (size === undefined) throw new TsloraError("not-found", `expected a file at ${path}, but there is none.`, { details: { path } });
  if (size > maxUnpackedBytes) throw new TsloraError("bad-input", `${path}: expected ${maxUnpackedBytes} bytes at most (limits.maxUnpackedBytes), got ${size}.`, { details: { path } });
  return readFile(path);
}

function check({ onBadEntry, limits, labels, delimiter }: Settings): void {
  const problems = new Problems("loadCorpus");
  problems.expect(["refuse", "report"].includes(onBadEntry), `onBadEntry: expected "refuse" or "report", got ${JSON.stringify(onBadEntry)}`);
  for (const [name, limit] of Object.entries(limits)) problems.expect(limit > 0, `limits.${name}: expected a number above 0, got ${String(limit)}`);
  problems.expect(delimiter === undefined || delimiter.length > 0, "delimiter: expected a character, got none");
  if (labels !== undefined) {
    const distinct = [...new Set(Object.values(labels))].sort((a, b) => a - b);
    problems.expect(distinct.length > 1 && distinct.every((label, i) => label === i), `labels: expected the whole numbers from 0 on, at least two of them, got ${JSON.stringify(labels)}`);
  }
  problems.throwIfAny();
}

function refuseColumns(path: string, { textColumn, labelColumn, idColumn }: Settings): void {
  const problems = new Problems("loadCorpus");
  for (const [name, value] of Object.entries({ textColumn, labelColumn, idColumn })) {
    problems.expect(value === undefined, `${name}: expected for CSV and JSONL files only, got it for ${path}`);
  }
  problems.throwIfAny();
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
