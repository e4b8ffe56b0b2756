import type { CorpusProblem } from "../corpus";
import type { TableFormat, TableLimits } from "./table-format";
import { TableReader, type Row, type TableItem } from "./table-reader";

/** A table before its columns have roles. */
export interface Rows {
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  readonly problems: readonly CorpusProblem[];
}

const PIECE = 1 << 20; // bytes that are parsed in one step

/**
 * Reads all rows of a table in memory. The columns of JSON are the keys of all its objects.
 *
 * @param name - the table's name in messages
 * @throws TsloraError `bad-input` if it is not a table of this format, or is above the limits.
 */
export function readRows(
  name: string,
  bytes: Uint8Array,
  { format, limits }: { readonly format: TableFormat; readonly limits: TableLimits },
): Rows {
  const reader = new TableReader(name, format, limits);
  const columns = new Set<string>();
  const rows: Row[] = [];
  const problems: CorpusProblem[] = [];
  for (const item of readItems(reader, bytes)) {
    if (item.kind === "problem") problems.push(item.problem);
    else {
      rows.push(item.row);
      if (format.kind !== "csv") for (const column of item.row.columns) columns.add(column);
    }
  }
  return { columns: reader.columns ?? [...columns], rows, problems };
}

function* readItems(reader: TableReader, bytes: Uint8Array): Generator<TableItem, void, void> {
  for (let from = 0; from < bytes.length; from += PIECE) yield* reader.push(bytes.subarray(from, from + PIECE));
  yield* reader.end();
}
