import { basename } from "node:path";

import { shownPath } from "../../base/shown-path";
import { TsloraError } from "../../base/tslora-error";
import type { ByteRange } from "./open-bytes";
import { readParquetFile } from "./read-parquet-file";
import { readPubmedFile } from "./read-pubmed-file";
import { readTableFile, type TableColumns } from "./read-table-file";
import type { RecordItem } from "./text-record";
import type { SupersededRecord } from "./update-series";

/** The formats of files of records. */
export const RECORD_KINDS = ["pubmed", "jsonl", "csv", "tsv", "parquet"] as const;

/** One of `RECORD_KINDS`. */
export type RecordKind = (typeof RECORD_KINDS)[number];

const ENDINGS: Readonly<Record<string, RecordKind>> = {
  ".xml": "pubmed",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".csv": "csv",
  ".tsv": "tsv",
  ".parquet": "parquet",
};

/** Options of {@link readRecords}. */
export interface ReadRecordsOptions extends TableColumns, ByteRange {
  /** @default by the name's ending */
  readonly kind?: RecordKind;
  /** Lines before `start`, of JSON Lines. @default 0 */
  readonly rowsBefore?: number;
  /** First row of Parquet. @default 0 */
  readonly rowStart?: number;
  /** First row after the range, of Parquet. @default the file's end */
  readonly rowEnd?: number;
  /** Records of a PubMed file that are not current. @default none */
  readonly superseded?: readonly SupersededRecord[];
}

/**
 * Reads the texts of a file as a stream: PubMed's XML, JSON Lines, CSV, TSV or Parquet, packed with gzip or not.
 * Memory does not grow with the file. A record that cannot be used is a problem in its place.
 *
 * @throws TsloraError `bad-input` if the file is not whole, after the records before.
 */
export function readRecords(path: string, options: ReadRecordsOptions = {}): AsyncGenerator<RecordItem, void, void> {
  const { kind = recordKind(path), superseded, rowStart, rowEnd, ...table } = options;
  if (kind === "pubmed") return readPubmedFile(path, { superseded });
  if (kind !== "parquet") return readTableFile(path, { ...table, kind });
  const { textColumn, textPair, idColumn } = table;
  return readParquetFile(path, { textColumn, textPair, idColumn, rowStart, rowEnd });
}

/**
 * The format of a file by its name; `.gz` and `.zst` do not count.
 *
 * @throws TsloraError `bad-input` for another ending.
 */
export function recordKind(path: string): RecordKind {
  const ending =
    /\.[^.]*$/.exec(
      basename(path)
        .toLowerCase()
        .replace(/\.(gz|zst)$/, ""),
    )?.[0] ?? "";
  const kind = ENDINGS[ending];
  if (kind !== undefined) return kind;
  const endings = Object.keys(ENDINGS).join(", ");
  throw new TsloraError(
    "bad-input",
    `${shownPath(path)} must end in one of ${endings}, with or without .gz or .zst; it ends in ${ending === "" ? "none" : ending}.`,
  );
}
