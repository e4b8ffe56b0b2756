import type { DataFrame } from "danfojs-node";

/** One text of a corpus, as a row of its frame. */
export interface CorpusDocument {
  /** The text; for a file in the study's format the whole file with its tags, as in the study. */
  readonly texts: string;
  /** The second text, if the corpus has pairs of texts. */
  readonly text_pair?: string;
  /** Identifier of the text: the PMID in the study's data. Always a string, and unique in its corpus. */
  readonly ID: string;
  /** A value that related texts share, such as their patient or author, if the corpus has groups. */
  readonly group?: string;
  /** The class, counted from 0. */
  readonly label: number;
}

/** The format of the texts: the study's format, with tags; whole files in class folders; or cells of a table. */
export type CorpusFormat = "study" | "plain" | "table";

/** The source of a corpus. `sha256` is the file's hash in hexadecimal. */
export type CorpusSource =
  | { readonly kind: "zip" | "csv" | "jsonl" | "json" | "sample"; readonly path: string; readonly sha256: string }
  | { readonly kind: "pubmed"; readonly path: string; readonly sha256: string; readonly fetched: string }
  | { readonly kind: "folder"; readonly path: string };

/** The reasons why an entry cannot be used. */
export type CorpusProblemKind =
  | "not-utf8" // bytes that are not UTF-8
  | "malformed" // no `<ID:...>` or `Title:` line, a row with missing or surplus cells, a line that is not a JSON object
  | "no-abstract" // no `Abstract:`, or nothing after it
  | "empty-text" // a text cell without a text
  | "id-mismatch" // the file's name and its ID line differ
  | "no-id" // an empty ID
  | "duplicate-id" // a repeated ID, with the same label
  | "id-in-two-classes" // an ID with two different labels
  | "bad-labels" // labels that are not a list of names; a cell of a label's column that is neither 0 nor 1
  | "unknown-class" // a text outside the class folders, a label that the mapping does not name
  | "link"; // a symbolic link in an archive, or one that leaves the folder

/** An entry that cannot be used. Its name is its path in the archive or folder, or its line. */
export interface CorpusProblem {
  readonly kind: CorpusProblemKind;
  readonly name: string;
  readonly message: string;
}

/** Number of texts of a class, and the class's name in the source. */
export interface ClassCount {
  readonly label: number;
  readonly name: string;
  readonly count: number;
}

/** Counts of the entries. `read` = `kept` + `leftOut`; all other files of the source are in `ignored`. */
export interface CorpusReport {
  readonly counts: { readonly read: number; readonly kept: number; readonly leftOut: number; readonly ignored: number };
  readonly classes: readonly ClassCount[];
  /** Entries left out, each by name; empty unless `onBadEntry` is `"report"`. */
  readonly problems: readonly CorpusProblem[];
  /** Files that are not texts (`.DS_Store`, `__MACOSX`, other extensions), by path. */
  readonly ignored: readonly string[];
  /** Further remarks, one sentence each, such as renumbered labels or records that PubMed no longer has. */
  readonly remarks: readonly string[];
}

/** A set of labelled texts. */
export interface Corpus {
  /**
   * Columns `texts` (string), `ID` (string), `label` (whole number from 0), one text per row, in the study's order;
   * with pairs of texts also `text_pair` (string). If a text may have several labels, each label has a column of its
   * name with 0 or 1, instead of `label`.
   */
  readonly frame: DataFrame;
  /** Whether each text has one label, or any number of them. */
  readonly problemType: "single_label_classification" | "multi_label_classification";
  readonly source: CorpusSource;
  readonly format: CorpusFormat;
  readonly report: CorpusReport;
  /** The chosen source and the reason, in a sentence or two. A notebook prints this first. */
  readonly notice: string;
  /** A warning that the results are not the study's; set for the embedded sample. */
  readonly banner?: string;
}

/** Limits on the content of a source. */
export interface CorpusLimits {
  /** Most bytes of all texts together, unpacked. @default 268435456 (256 MiB) */
  readonly maxUnpackedBytes: number;
  /** Most entries of an archive or folder. @default 100000 */
  readonly maxEntries: number;
  /** Most bytes of one row of a table, or of one line. @default 16777216 (16 MiB) */
  readonly maxRecordBytes: number;
  /** Most columns of a table. @default 16384 */
  readonly maxColumns: number;
}

export const DEFAULT_LIMITS: CorpusLimits = {
  maxUnpackedBytes: 256 * 1024 * 1024,
  maxEntries: 100_000,
  maxRecordBytes: 16 * 1024 * 1024,
  maxColumns: 16_384,
};

/** Result of a reader, before the check for duplicates. Internal to this room. */
export interface Reading {
  readonly format: CorpusFormat;
  readonly documents: readonly NamedDocument[];
  readonly problems: readonly CorpusProblem[];
  readonly ignored: readonly string[];
  /** The names of the classes in the source, with their labels, in the order of the frame. */
  readonly classes: Readonly<Record<string, number>>;
  readonly remarks: readonly string[];
  /** Whether a text may have several labels; false if missing. */
  readonly multiLabel?: boolean;
}

/** A document and the entry that it came from. */
export interface NamedDocument extends Omit<CorpusDocument, "label"> {
  readonly name: string;
  /** The class, or for each label whether the text has it: 0 or 1. */
  readonly label: number | readonly number[];
}
