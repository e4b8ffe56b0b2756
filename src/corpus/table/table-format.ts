/** The format of a table. */
export interface TableFormat {
  /** CSV with a header row; JSON Lines, one object per line; or one JSON array of objects. */
  readonly kind: "csv" | "jsonl" | "json";
  /** Separator of the cells, for CSV. */
  readonly delimiter: string;
  /** Whether cells of CSV may be quoted; otherwise quotes are plain characters. */
  readonly quote: boolean;
  /** Lines of JSON Lines before those that are read, for messages. @default 0 */
  readonly linesBefore?: number;
}

/** A table's name in messages, and limits of its parts. */
export interface TableLimits {
  /** Most bytes of one row or line. */
  readonly maxRecordBytes: number;
  /** Most columns. */
  readonly maxColumns: number;
  /** Most bytes of a JSON array, which is read as a whole. */
  readonly maxUnpackedBytes: number;
}

/** The kinds of tables, by file extension. */
export const TABLE_ENDINGS: Readonly<Record<string, TableFormat["kind"]>> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "json",
};

/** Ways to write a tab that cannot be typed. */
const TAB_NAMES: readonly string[] = ["\\t", "tab", "TAB"];

/**
 * Reads a delimiter: `\t` and `tab` are a tab.
 *
 * @param ending - the file's extension, which decides if no delimiter is given
 */
export function readDelimiter(given: string | undefined, ending: string): string {
  if (given === undefined) return ending === ".tsv" ? "\t" : ",";
  return TAB_NAMES.includes(given) ? "\t" : given;
}

/** Whether a text can separate cells. */
export function isDelimiter(given: string): boolean {
  return given !== "" && !/["\r\n]/.test(given);
}
