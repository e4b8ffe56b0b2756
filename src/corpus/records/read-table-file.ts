import { shownPath } from "../../base/shown-path";
import { TextTable, type StreamFormat, type TextColumns } from "../table/text-table";
import { openBytes, type ByteRange } from "./open-bytes";
import type { RecordItem } from "./text-record";

/** The columns of a table, and the separator of CSV. */
export type TableColumns = Pick<StreamFormat, "textColumn" | "textPair" | "idColumn" | "delimiter" | "quote">;

/** Options of {@link readTableFile}. */
export interface TableFileOptions extends TableColumns, ByteRange {
  readonly kind: "csv" | "tsv" | "jsonl";
  /** Lines of JSON Lines before the range. @default 0 */
  readonly rowsBefore?: number;
}

type PartFormat = StreamFormat & Pick<TableFileOptions, "kind">;

/**
 * Reads the texts of a table as a stream. A row that cannot be used is a problem with its line.
 *
 * @throws TsloraError `bad-input` if a column is missing, or the rest cannot be read, after the rows before.
 */
export async function* readTableFile(
  path: string,
  { kind, start, end, rowsBefore = 0, ...columns }: TableFileOptions,
): AsyncGenerator<RecordItem, void, void> {
  const name = shownPath(path);
  const format: PartFormat = { ...columns, kind, name, findsId: true };
  const chosen = rowsBefore > 0 ? await columnsAtStart(path, format) : undefined;
  const table = new TextTable({ ...format, linesBefore: rowsBefore, columns: chosen }, kind);
  const read = function* (entries: ReturnType<TextTable["push"]>): Generator<RecordItem, void, void> {
    for (const entry of entries) {
      if ("text" in entry) {
        const { text, textPair, id } = entry;
        yield { kind: "record", record: { id: String(id), text, textPair } };
      } else {
        const { place, message, isEmpty = false } = entry;
        yield { kind: "problem", problem: { kind: isEmpty ? "no-text" : "corrupt", place, message } };
      }
    }
  };
  for await (const bytes of openBytes(path, { start, end })) yield* read(table.push(bytes));
  yield* read(table.end());
}

/** The columns by the file's first object, which all its ranges share. */
async function columnsAtStart(path: string, format: PartFormat): Promise<TextColumns | undefined> {
  const table = new TextTable(format, format.kind);
  for await (const bytes of openBytes(path, {})) {
    Array.from(table.push(bytes)); // reads the rows, of which only the first counts
    if (table.columns !== undefined) return table.columns;
  }
  return undefined;
}
