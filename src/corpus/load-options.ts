import { join } from "node:path";

import { Problems } from "../base/problems";
import { places, setUpFolder } from "../base/places";
import { shownValue } from "../base/shown-value";
import { DEFAULT_LIMITS, type CorpusLimits } from "./corpus";
import type { PubmedEvent } from "./pubmed/fetch-pubmed";
import type { FetchPubmedOptions } from "./pubmed/pubmed-options";
import type { TableOptions } from "./table/read-table";
import { isDelimiter } from "./table/table-format";

/** Options for loading a corpus. The options of columns are for tables only. */
export interface LoadCorpusOptions extends TableOptions {
  /**
   * Whether entries that cannot be used are an error, or are left out and listed in the report.
   * @default "refuse"
   */
  readonly onBadEntry?: "refuse" | "report";
  /**
   * Whether classes may have no text, as in texts for evaluation, which need at least one text in all. Texts for
   * training need every class.
   * @default false
   */
  readonly allowMissingClasses?: boolean;
  /** Limits on the content of the source. */
  readonly limits?: Partial<CorpusLimits>;
  /** Options of a fetch from PubMed. */
  readonly pubmed?: Omit<FetchPubmedOptions, "pmids" | "cacheDir" | "signal">;
  /**
   * The folder of `pmids.csv`, `sample.jsonl` and perhaps a `Dataset.zip`.
   * @default `data` in the clone or the package
   */
  readonly dataDir?: string;
  /** The folder for records from PubMed. @default `.tslora/data` in the clone or project */
  readonly cacheDir?: string;
  /** Called with the progress of a fetch from PubMed. @default nothing is called */
  readonly onProgress?: (event: PubmedEvent) => void;
  /** Stops a fetch from PubMed. */
  readonly signal?: AbortSignal;
}

/** The options with all defaults filled in. Internal to this room. */
export interface LoadSettings extends Omit<LoadCorpusOptions, "labels"> {
  readonly labels?: Readonly<Record<string, number>>;
  readonly allowMissingClasses: boolean;
  readonly onBadEntry: "refuse" | "report";
  readonly limits: CorpusLimits;
  readonly dataDir: string;
  /** The folder in which `data: "auto"` looks for a `Dataset.zip`. */
  readonly archiveDir: string;
  readonly cacheDir: string;
}

/** Fills in the defaults and checks the options. */
export function resolveLoadOptions(options: LoadCorpusOptions): LoadSettings {
  const settings: LoadSettings = {
    ...options,
    labels: isList(options.labels)
      ? Object.fromEntries(options.labels.map((name, label) => [name, label]))
      : options.labels,
    onBadEntry: options.onBadEntry ?? "refuse",
    allowMissingClasses: options.allowMissingClasses ?? false,
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    dataDir: options.dataDir ?? join(places().root, "data"),
    archiveDir: options.dataDir ?? join(places().project, "data"),
    cacheDir: options.cacheDir ?? join(setUpFolder(), "data"),
  };
  check(settings, options.labels);
  return settings;
}

function isList(labels: LoadCorpusOptions["labels"]): labels is readonly string[] {
  return Array.isArray(labels);
}

function check(settings: LoadSettings, given: LoadCorpusOptions["labels"]): void {
  const { onBadEntry, limits, labels, delimiter } = settings;
  const problems = new Problems("loadCorpus");
  problems.expect(
    ["refuse", "report"].includes(onBadEntry),
    `onBadEntry must be "refuse" or "report"; got ${shownValue(onBadEntry)}`,
  );
  for (const [name, limit] of Object.entries(limits))
    problems.expect(limit > 0, `limits.${name} must be above 0; got ${String(limit)}`);
  problems.expect(
    delimiter === undefined || isDelimiter(delimiter),
    `delimiter must be a character that is neither a quote nor a line end; got ${shownValue(delimiter)}`,
  );
  checkLabelColumns(settings, problems);
  if (isList(given)) {
    const names =
      given.every((name: unknown) => typeof name === "string" && name !== "") && new Set(given).size === given.length;
    problems.expect(names && given.length > 1, `labels must be two names or more, each once; got ${shownValue(given)}`);
  } else if (labels !== undefined) {
    const distinct = [...new Set(Object.values(labels))].sort((a, b) => a - b);
    problems.expect(
      distinct.length > 1 && distinct.every((label, i) => label === i),
      `labels must be the whole numbers from 0 on, at least two of them; got ${shownValue(labels)}`,
    );
  }
  problems.throwIfAny();
}

function checkLabelColumns({ labelColumn, labelColumns, multiLabel, labels }: LoadSettings, problems: Problems): void {
  problems.expect(
    labelColumns === undefined ||
      (Array.isArray(labelColumns) &&
        labelColumns.length > 1 &&
        labelColumns.every((name: unknown) => typeof name === "string" && name !== "") &&
        new Set(labelColumns).size === labelColumns.length),
    `labelColumns must be two names or more, each once; got ${shownValue(labelColumns)}`,
  );
  problems.expect(
    labelColumns === undefined || labelColumn === undefined,
    "labelColumns has a column for each label, labelColumn one column for all; give one of them",
  );
  problems.expect(
    labelColumns === undefined || multiLabel !== false,
    "multiLabel must be true with labelColumns; got false",
  );
  const numbers = Object.values(labels ?? {});
  problems.expect(
    (multiLabel !== true && labelColumns === undefined) || new Set(numbers).size === numbers.length,
    `labels must have a number each with multiLabel; got ${shownValue(labels)}`,
  );
}
