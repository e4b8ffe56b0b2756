import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { CorpusProblem, NamedDocument, Reading } from "../corpus";
import { labelRemarks, numberLabels } from "../label-names";
import type { Rows } from "./read-rows";
import { findColumn, ID_COLUMN, LABEL_COLUMN, needColumn, TEXT_COLUMN, type ColumnsOf } from "./choose-column";
import type { Row } from "./table-reader";

/** The format of a table, and the roles of its columns. */
export interface TableOptions {
  /** The column of the texts. @default the first of `texts`, `text` that exists */
  readonly textColumn?: string;
  /** The column of the labels. @default `label` */
  readonly labelColumn?: string;
  /**
   * The column of the IDs, or `"none"`: rows are numbered from 1. A named column must have a different ID in each row.
   * @default the first of `ID`, `id`, `PMID`, `pmid` that exists, if its values do not repeat; else `"none"`
   */
  readonly idColumn?: string;
  /** Separator of the cells of a CSV file; `\t` and `tab` are a tab. @default a comma; a tab for `.tsv` */
  readonly delimiter?: string;
  /**
   * Whether cells of a CSV file may be quoted; with false, quotes are plain characters, as in GLUE's files.
   * @default true
   */
  readonly quote?: boolean;
  /**
   * The label of each class name (for an archive or a folder, of each class folder, in the order of the frame), or the
   * names in the order of their labels.
   * @default the study's folders: Cancer 1, Non-Cancer 0; other folders in sorted order; columns: whole numbers 0, 1,
   * ... as they are, other values in sorted order
   */
  readonly labels?: Readonly<Record<string, number>> | readonly string[];
}

/** The options for making documents from a table's rows. */
interface ReadTableOptions extends Pick<TableOptions, "textColumn" | "labelColumn" | "idColumn"> {
  readonly labels?: Readonly<Record<string, number>>;
  /** Separator of the cells, for CSV. */
  readonly delimiter?: string;
}

/** Means "no column of IDs". */
const NONE = "none";

/**
 * Makes documents from a table's rows, in order.
 *
 * @param name - what messages call the table
 * @throws TsloraError `bad-input` that lists the columns, if one is missing.
 */
export function readTable(name: string, { columns, rows, problems }: Rows, options: ReadTableOptions): Reading {
  if (columns.length === 0) throw noRows(name, { rows, problems });
  const of: ColumnsOf = { name, columns, delimiter: options.delimiter };
  const textColumn = needColumn(of, TEXT_COLUMN, options.textColumn);
  const labelColumn = needColumn(of, LABEL_COLUMN, options.labelColumn);
  const { idColumn, remarks } = chooseIds(of, rows, options.idColumn);

  const found: CorpusProblem[] = [...problems];
  const read: (Omit<NamedDocument, "label"> & { cell: string })[] = [];
  let trimmed = 0;
  rows.forEach((row, i) => {
    const texts = row.get(textColumn);
    const ID = idColumn === undefined ? String(i + 1) : plain(row.get(idColumn));
    const label = row.get(labelColumn);
    const cell = plain(label);
    const problem = (kind: CorpusProblem["kind"], message: string): number =>
      found.push({ kind, name: row.name, message });
    if (typeof texts !== "string")
      problem("malformed", `${textColumn} must be a string; got ${shown(row, textColumn)}`);
    else if (texts.trim() === "") problem("empty-text", `${textColumn} is empty`);
    else if (ID === undefined)
      problem("no-id", `${String(idColumn)} must be a string or a whole number; got ${shown(row, String(idColumn))}`);
    else if (cell === undefined)
      problem("unknown-class", `${labelColumn} must be a string or a whole number; got ${shown(row, labelColumn)}`);
    else {
      read.push({ name: row.name, texts, ID, cell });
      if (typeof label === "string" && label !== cell) trimmed++;
    }
  });

  const cells = read.map(({ cell }) => cell);
  const { classes, nameOf } =
    options.labels === undefined ? numberLabels(cells) : { classes: options.labels, nameOf: (cell: string) => cell };
  const documents: NamedDocument[] = [];
  for (const { cell, ...rest } of read) {
    const className = nameOf(cell);
    if (Object.hasOwn(classes, className)) documents.push({ ...rest, label: classes[className] });
    else
      found.push({
        kind: "unknown-class",
        name: rest.name,
        message: `${labelColumn} must be one of ${Object.keys(classes).slice(0, 10).join(", ")} (options.labels); got ${shownValue(className).replace(/^"(.*)"$/, "$1")}`,
      });
  }
  if (options.labels === undefined) remarks.push(...numberingRemark(classes));
  return {
    format: "table",
    documents,
    problems: found,
    ignored: [],
    classes,
    remarks: [...remarks, ...labelRemarks(cells, { column: labelColumn, trimmed })],
  };
}

/** The error for a table of JSON without a row that names a column. */
function noRows(name: string, { rows, problems }: Pick<Rows, "rows" | "problems">): TsloraError {
  const got = rows.length > 0 ? "objects without keys" : "none";
  const why =
    problems.length > 0
      ? `no row can be used; ${problems[0].name}: ${problems[0].message}`
      : `there must be at least one row with a text and a label; got ${got}`;
  return new TsloraError("bad-input", `${name}: ${why}.`);
}

/** The column of IDs; by default one with a usual name, if its values do not repeat. */
function chooseIds(
  of: ColumnsOf,
  rows: readonly Row[],
  wanted: string | undefined,
): { idColumn?: string; remarks: string[] } {
  if (wanted === NONE) return { remarks: ["Rows are numbered from 1."] };
  const column = wanted === undefined && !hasOne(of.columns) ? undefined : findColumn(of, ID_COLUMN, wanted);
  if (column === undefined) return { remarks: ["There is no ID column: rows are numbered from 1."] };
  if (wanted === undefined) {
    const values = rows.flatMap((row) => plain(row.get(column)) ?? []);
    const repeated = values.length - new Set(values).size;
    if (repeated > 0)
      return {
        remarks: [
          `The column ${column} repeats values (${shownNames(firstRepeated(values))}), so the rows are numbered from 1. idColumn: ${JSON.stringify(column)} uses it nevertheless.`,
        ],
      };
  }
  return { idColumn: column, remarks: wanted === undefined ? [`IDs are taken from the column ${column}.`] : [] };
}

/** Whether no column with a usual name for IDs is there twice. */
function hasOne(columns: readonly string[]): boolean {
  const usual = columns.filter((column) => ID_COLUMN.usual.some((name) => name.toLowerCase() === column.toLowerCase()));
  return new Set(usual).size === usual.length;
}

function firstRepeated(values: readonly string[]): string[] {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const value of values) {
    if (seen.has(value)) repeated.add(value);
    seen.add(value);
  }
  return [...repeated];
}

function numberingRemark(classes: Readonly<Record<string, number>>): string[] {
  const entries = Object.entries(classes).sort(([, a], [, b]) => a - b);
  if (entries.every(([name, label]) => name === String(label))) return [];
  return [
    `Labels were numbered in sorted order: ${entries
      .slice(0, 20)
      .map(([name, label]) => `${name} is ${label}`)
      .join(", ")}${entries.length > 20 ? ` and ${entries.length - 20} more` : ""}.`,
  ];
}

/** A cell as a name: a trimmed string, a whole number or a boolean as JSON writes it; undefined for other values. */
function plain(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  return Number.isSafeInteger(value) || typeof value === "boolean" ? String(value) : undefined;
}

function shown(row: Row, column: string): string {
  return row.columns.includes(column) ? shownValue(row.get(column), 60) : "nothing";
}
