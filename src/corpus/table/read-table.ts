import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { CorpusProblem, NamedDocument, Reading } from "../corpus";
import { labelRemarks, numberLabels, wholeName, type NumberedLabels } from "../label-names";
import { shownCell, textFault } from "./cells";
import type { Rows } from "./read-rows";
import {
  findColumn,
  GROUP_COLUMN,
  ID_COLUMN,
  needColumn,
  PAIR_COLUMN,
  TEXT_COLUMN,
  type ColumnsOf,
} from "./choose-column";
import { expectFreeNames, findLabels, plain, readRowLabels, type LabelsAt } from "./row-labels";
import type { Row } from "./table-reader";

/** The format of a table, and the roles of its columns. */
export interface TableOptions {
  /** The column of the texts. @default the first of `texts`, `text` that exists */
  readonly textColumn?: string;
  /**
   * The column of a second text: each text is then a pair, such as a question and its answer, and the frame has the
   * column `text_pair`.
   * @default no column: texts are single
   */
  readonly textPair?: string;
  /**
   * The column of the labels, or of lists of labels. @default `label`; with `multiLabel` the first of `labels`, `label`
   */
  readonly labelColumn?: string;
  /**
   * Whether a text may have several labels, or none. JSON then holds a list of labels for each text; the frame has a
   * column of 0 and 1 for each label, instead of `label`.
   * @default true with `labelColumns`, else false
   */
  readonly multiLabel?: boolean;
  /**
   * Columns of 0 and 1 (or true and false), one for each label that a text may have.
   * @default with `multiLabel` and `labels`, if there is no column of lists: the columns of these names
   */
  readonly labelColumns?: readonly string[];
  /**
   * The column of the IDs, or `"none"`: rows are numbered from 1, also those that cannot be used; JSON Lines have the
   * numbers of their lines. A named column must have a different ID in each row.
   * @default the first of `ID`, `id`, `PMID`, `pmid` that exists, if its values do not repeat; else `"none"`
   */
  readonly idColumn?: string;
  /**
   * A column of values that related texts share, such as a patient or an author. The frame then has the column `group`,
   * for `audit` and for splits that keep groups together.
   * @default no column
   */
  readonly groupColumn?: string;
  /** Separator of the cells of a CSV file; `\t` and `tab` are a tab. @default a comma; a tab for `.tsv` */
  readonly delimiter?: string;
  /**
   * Whether cells of a CSV file may be quoted; with false, quotes are plain characters, as in GLUE's files.
   * @default true
   */
  readonly quote?: boolean;
  /**
   * The number of each class name, or the names in the order of their numbers. In an archive or a folder, the class
   * folders are the names; the frame has their order.
   * @default the study's folders: Cancer 1, Non-Cancer 0; other folders in sorted order; columns: whole numbers 0, 1,
   * ... as they are, other values in sorted order
   */
  readonly labels?: Readonly<Record<string, number>> | readonly string[];
}

/** The options for making documents from a table's rows. */
interface ReadTableOptions extends Pick<
  TableOptions,
  "textColumn" | "textPair" | "labelColumn" | "labelColumns" | "multiLabel" | "idColumn" | "groupColumn"
> {
  readonly labels?: Readonly<Record<string, number>>;
  /** Separator of the cells, for CSV. */
  readonly delimiter?: string;
}

/** Means "no column of IDs". */
const NONE = "none";

/**
 * Makes documents from a table's rows, in order.
 *
 * @param name - name of the table in messages
 * @throws TsloraError `bad-input` that lists the columns, if one is missing.
 */
export function readTable(name: string, { columns, rows, problems }: Rows, options: ReadTableOptions): Reading {
  if (columns.length === 0) throw noRows(name, { rows, problems });
  const of: ColumnsOf = { name, columns, delimiter: options.delimiter };
  const { idColumn, remarks } = chooseIds(of, rows, options.idColumn);
  const at = {
    text: needColumn(of, TEXT_COLUMN, options.textColumn),
    pair: options.textPair === undefined ? undefined : needColumn(of, PAIR_COLUMN, options.textPair),
    id: idColumn,
    group: options.groupColumn === undefined ? undefined : needColumn(of, GROUP_COLUMN, options.groupColumn),
    labels: findLabels(of, options),
  };
  const found: CorpusProblem[] = [...problems];
  const read: ReadRow[] = [];
  for (const row of rows) {
    const entry = readRow(row, at);
    if ("kind" in entry) found.push({ ...entry, name: row.name });
    else read.push(entry);
  }
  const cells = read.flatMap(({ names }) => names);
  const { classes, nameOf } = namesOf(cells, { at: at.labels, labels: options.labels });
  const multiLabel = at.labels.kind !== "one";
  if (multiLabel) expectFreeNames(name, { labels: Object.keys(classes), groups: at.group !== undefined });
  const documents: NamedDocument[] = [];
  for (const { names, document } of read) {
    const given = names.map(nameOf);
    const unknown = given.find((one) => !Object.hasOwn(classes, one));
    if (unknown === undefined) documents.push({ ...document, label: labelOf(given, { classes, multiLabel }) });
    else
      found.push({
        kind: "unknown-class",
        name: document.name,
        message: `${labelPlace(at.labels)} must be one of ${Object.keys(classes).slice(0, 10).join(", ")} (options.labels); got ${shownValue(unknown).replace(/^"(.*)"$/, "$1")}`,
      });
  }
  if (options.labels === undefined && at.labels.kind !== "columns") remarks.push(...numberingRemark(classes));
  const trimmed = read.reduce((sum, one) => sum + one.trimmed, 0);
  const remarked = at.labels.kind === "columns" ? [] : labelRemarks(cells, { column: labelPlace(at.labels), trimmed });
  return {
    format: "table",
    documents,
    problems: found,
    ignored: [],
    classes,
    remarks: [...remarks, ...remarked],
    multiLabel,
  };
}

/** A row before its labels have numbers. */
interface ReadRow {
  readonly document: Omit<NamedDocument, "label">;
  readonly names: readonly string[];
  readonly trimmed: number;
}

/** The columns of a table by their role. */
interface RolesOf {
  readonly text: string;
  readonly pair: string | undefined;
  readonly id: string | undefined;
  readonly group: string | undefined;
  readonly labels: LabelsAt;
}

function readRow(row: Row, at: RolesOf): ReadRow | Pick<CorpusProblem, "kind" | "message"> {
  const ID = at.id === undefined ? String(row.number) : plain(row.get(at.id));
  const columns = at.pair === undefined ? [at.text] : [at.text, at.pair];
  for (const column of columns) {
    const text = row.get(column);
    const fault = textFault(column, text);
    if (fault !== undefined)
      return { kind: typeof text === "string" ? "empty-text" : "malformed", message: fault.message };
  }
  if (ID === undefined)
    return {
      kind: "no-id",
      message: `${String(at.id)} must be a string or a whole number; got ${shownCell(row.get(String(at.id)))}`,
    };
  const group = at.group === undefined ? undefined : plain(row.get(at.group));
  if (at.group !== undefined && group === undefined)
    return {
      kind: "malformed",
      message: `${at.group} must be a string or a whole number; got ${shownCell(row.get(at.group))}`,
    };
  const labels = readRowLabels(row, at.labels);
  if (labels.kind === "problem") return labels.problem;
  const [texts, pair] = columns.map((column) => String(row.get(column)));
  return {
    document: {
      name: row.name,
      texts,
      ...(at.pair === undefined ? {} : { text_pair: pair }),
      ID,
      ...(group === undefined ? {} : { group }),
    },
    names: labels.names,
    trimmed: labels.trimmed,
  };
}

/**
 * Numbers the names of labels. Cells may hold the numbers of given labels instead, if no cell holds a name. `1.0` is
 * the given label `1`, as where no labels are given.
 */
function namesOf(
  cells: readonly string[],
  { at, labels }: { at: LabelsAt; labels: Readonly<Record<string, number>> | undefined },
): NumberedLabels {
  if (labels === undefined && at.kind !== "columns") return numberLabels(cells);
  const classes = labels ?? Object.fromEntries((at.kind === "columns" ? at.columns : []).map((name, i) => [name, i]));
  const nameOfNumber = new Map(Object.entries(classes).map(([name, label]) => [label, name]));
  const numbered =
    at.kind === "list" &&
    cells.length > 0 &&
    cells.every((cell) => /^\d+$/.test(cell) && nameOfNumber.has(Number(cell)) && !Object.hasOwn(classes, cell));
  const given = (cell: string): string =>
    !Object.hasOwn(classes, cell) && Object.hasOwn(classes, wholeName(cell)) ? wholeName(cell) : cell;
  return { classes, nameOf: (cell) => (numbered ? (nameOfNumber.get(Number(cell)) ?? cell) : given(cell)) };
}

function labelOf(
  names: readonly string[],
  { classes, multiLabel }: { classes: Readonly<Record<string, number>>; multiLabel: boolean },
): number | readonly number[] {
  if (!multiLabel) return classes[names[0]];
  const numbers = new Set(names.map((name) => classes[name]));
  return Array.from({ length: new Set(Object.values(classes)).size }, (_, label) => Number(numbers.has(label)));
}

function labelPlace(at: LabelsAt): string {
  return at.kind === "columns" ? at.columns.join(", ") : at.column;
}

/** The error for a JSON table in which no row names a column. */
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
  if (wanted === undefined && repeatsIdColumn(of.columns))
    return { remarks: ["A column of IDs is there twice, so the rows are numbered from 1. Rename one of them."] };
  const column = findColumn(of, ID_COLUMN, wanted);
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

/** Whether two columns have the same name, a usual one for IDs. */
function repeatsIdColumn(columns: readonly string[]): boolean {
  const usual = columns.filter((column) => ID_COLUMN.usual.some((name) => name.toLowerCase() === column.toLowerCase()));
  return new Set(usual).size < usual.length;
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
