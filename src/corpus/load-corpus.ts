import { existsSync } from "node:fs";
import { join } from "node:path";

import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import type { Corpus } from "./corpus";
import { resolveLoadOptions, type LoadCorpusOptions, type LoadSettings } from "./load-options";
import { findPath, loadPath } from "./files/load-path";
import { loadPubmed } from "./pubmed/load-pubmed";
import { loadSample } from "./files/load-sample";

/**
 * Loads a labelled corpus into a danfojs frame with the columns `texts`, `ID`, `label` (and `text_pair` for pairs of
 * texts, see `textPair`; for texts with several labels see `multiLabel`).
 *
 * `source` is a path: of a `Dataset.zip` in the study's format, of a folder of the same structure, of a zip or folder
 * whose sub-folders are the classes, with one text per `.txt` file, or of a CSV, TSV or JSONL file. It may also be
 * `"pubmed"`, the study's abstracts by their PMIDs; `"sample"`, texts written for this project; or `"auto"`: the source
 * that TSLORA_DATA names, else a `Dataset.zip` in `data/`, else PubMed (from the cache after the first fetch), else the
 * sample. Only `"auto"` has such fallbacks, and only from sources that were not named; `notice` reports the choice and
 * the reason.
 *
 * Nothing is left out silently. By default, entries that cannot be used (see {@link CorpusProblemKind}) are an error
 * that lists all of them; with `onBadEntry: "report"` they are left out and listed in `report`. Faults of the whole
 * source are always errors: a damaged or encrypted archive, a name that leaves its folder, more bytes or entries than
 * the limits allow, a table that is not UTF-8 or lacks a column, an empty class. Files that are not texts (`.DS_Store`,
 * `__MACOSX`, other extensions than `.txt`) are ignored, and listed.
 *
 * @throws TsloraError `not-found`, `bad-input`, `unsupported` (another kind of file), `bad-option`; for PubMed also
 * `unreachable` and `aborted`.
 */
export async function loadCorpus(source = "auto", options: LoadCorpusOptions = {}): Promise<Corpus> {
  const settings = resolveLoadOptions(options);
  const given = process.env.TSLORA_DATA;
  if (source !== "auto") return loadNamed(source, settings, "as requested");
  if (given !== undefined && given !== "" && given !== "auto")
    return loadNamed(given, settings, "since TSLORA_DATA names it");
  return loadAuto(settings);
}

async function loadNamed(source: string, settings: LoadSettings, why: string): Promise<Corpus> {
  if (source === "sample" || source === "pubmed") refusePairsAndLists(source, settings);
  if (source === "sample") return loadSample(settings, why);
  if (source === "pubmed") return loadPubmed(settings, why);
  return loadPath(await findPath(source), settings, why);
}

/** The sample and PubMed have single texts with one label each, and no groups. */
function refusePairsAndLists(source: string, settings: LoadSettings): void {
  const problems = new Problems("loadCorpus");
  const { textPair, labelColumns, groupColumn } = settings;
  const multiLabel = settings.multiLabel === true || undefined;
  for (const [name, value] of Object.entries({ textPair, labelColumns, groupColumn, multiLabel }))
    problems.expect(value === undefined, `${name} is for CSV and JSONL files; got it for "${source}"`);
  problems.throwIfAny();
}

async function loadAuto(settings: LoadSettings): Promise<Corpus> {
  const own = join(settings.archiveDir, "Dataset.zip");
  if (existsSync(own)) return loadPath(own, settings, "since it is there");
  refusePairsAndLists("auto", settings);
  try {
    return await loadPubmed(settings, `since there is no ${own}`);
  } catch (error) {
    if (!(error instanceof TsloraError && error.code === "unreachable")) throw error;
    return loadSample(
      settings,
      `since there is no ${own}, and PubMed cannot be asked: ${error.message.replace(/\.$/, "")}`,
    );
  }
}
