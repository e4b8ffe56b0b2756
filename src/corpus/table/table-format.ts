/** How a table is written. */
export interface TableFormat {
  /** CSV with a header row; JSON Lines, one object a line; or one JSON array of objects. */
  readonly kind: "csv" | "jsonl" | "json";
  /** Separator of the cells, for CSV. */
  readonly delimiter: string;
  /** Whether cells of CSV may be quoted; otherwise quotes are characters like any other. */
  readonly quote: boolean;
}

/** A table's name in messages, and limits of its parts. */
export interface TableLimits {
  /** Most bytes of one row or line. */
  readonly maxRecordBytes: number;
  /** Most columns. */
  readonly maxColumns: number;
  /** Most bytes of a JSON array, which is read whole. */
  readonly maxUnpackedBytes: number;
}

/** The kinds of tables, by the ending of their files. */
export const TABLE_ENDINGS: Readonly<Record<string, TableFormat["kind"]>> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "json",
};

/** Ways to write a tab where one cannot be typed. */
const TAB_NAMES: readonly string[] = ["\\t", "tab", "TAB"];

/**
 * A delimiter as it is meant: `\t` and `tab` are a tab.
 *
 * @param ending - the file's, which decides where none is given
 */
export function readDelimiter(given: string | undefined, ending: string): string {
  if (given === undefined) return ending === ".tsv" ? "\t" : ",";
  return TAB_NAMES.includes(given) ? "\t" : given;
}

/** Whether a text can separate cells. */
export function isDelimiter(given: string): boolean {
  return given !== "" && !/["\r\n]/.test(given);
}
