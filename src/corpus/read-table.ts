import { TsloraError } from "../base/tslora-error";
import type { CorpusProblem, NamedDocument, Reading } from "./corpus";
import type { Row, Rows } from "./read-rows";

/** Which columns of a CSV or JSONL file mean what. */
export interface TableOptions {
  /** The column of the texts. @default the first there is of `texts`, `text` */
  readonly textColumn?: string;
  /** The column of the labels. @default `label` */
  readonly labelColumn?: string;
  /** The column of the IDs. @default the first there is of `ID`, `id`, `PMID`, `pmid`; without any, rows are numbered from 1 */
  readonly idColumn?: string;
  /**
   * The label of each class name, or the names in the order of their labels; for an archive or a folder, of each class
   * folder, in the order of the frame.
   * @default the study's folders: Cancer 1, Non-Cancer 0; other folders in sorted order; columns: whole numbers 0, 1,
   * ... as they are, other values in sorted order
   */
  readonly labels?: Readonly<Record<string, number>> | readonly string[];
}

/**
 * Makes documents of a table's rows, in their order.
 *
 * @throws TsloraError `bad-input` where a column is missing, naming those that are there.
 */
export function readTable(path: string, { columns, rows, problems }: Rows, options: Omit<TableOptions, "labels"> & { readonly labels?: Readonly<Record<string, number>> }): Reading {
  const column = (role: string, wanted: string | undefined, usual: readonly string[]): string | undefined =>
    wanted === undefined ? usual.find((name) => columns.includes(name)) : columns.includes(wanted) ? wanted : missing(path, role, wanted, columns);
  const textColumn = column("textColumn", options.textColumn, ["texts", "text"]) ?? missing(path, "textColumn", "text", columns);
  const labelColumn = column("labelColumn", options.labelColumn, ["label"]) ?? missing(path, "labelColumn", "label", columns);
  const idColumn = column("idColumn", options.idColumn, ["ID", "id", "PMID", "pmid"]);

  const found: CorpusProblem[] = [...problems];
  const read: (Omit<NamedDocument, "label"> & { className: string })[] = [];
  rows.forEach((row, i) => {
    const texts = row.cells[textColumn];
    const ID = idColumn === undefined ? String(i + 1) : plain(row.cells[idColumn]);
    const className = plain(row.cells[labelColumn]);
    const problem = (kind: CorpusProblem["kind"], message: string): number => found.push({ kind, name: row.name, message });
    if (typeof texts !== "string") problem("malformed", `expected a string in ${textColumn}, got ${shown(row, textColumn)}`);
    else if (texts.trim() === "") problem("empty-text", `${textColumn} is empty`);
    else if (ID === undefined) problem("no-id", `expected a string or a whole number in ${String(idColumn)}, got ${shown(row, String(idColumn))}`);
    else if (className === undefined) problem("unknown-class", `expected a string or a whole number in ${labelColumn}, got ${shown(row, labelColumn)}`);
    else read.push({ name: row.name, texts, ID, className });
  });

  const classes = options.labels ?? numberClasses(read.map(({ className }) => className));
  const documents: NamedDocument[] = [];
  for (const { className, ...rest } of read) {
    if (Object.hasOwn(classes, className)) documents.push({ ...rest, label: classes[className] });
    else found.push({ kind: "unknown-class", name: rest.name, message: `expected ${Object.keys(classes).join(", ")} in ${labelColumn} (options.labels), got ${className}` });
  }
  const remarks: string[] = [];
  if (idColumn === undefined) remarks.push("There is no ID column: rows are numbered from 1.");
  if (options.labels === undefined && Object.entries(classes).some(([name, label]) => name !== String(label))) {
    remarks.push(`Labels were numbered in sorted order: ${Object.entries(classes).sort(([, a], [, b]) => a - b).slice(0, 20).map(([name, label]) => `${name} is ${label}`).join(", ")}.`);
  }
  return { format: "table", documents, problems: found, ignored: [], classes, remarks };
}

/** Whole numbers from 0 on stay what they are; anything else is numbered in sorted order, numbers by value. */
function numberClasses(names: readonly string[]): Record<string, number> {
  const distinct = [...new Set(names)];
  const numeric = distinct.every((name) => Number.isFinite(Number(name)));
  distinct.sort((a, b) => (numeric ? Number(a) - Number(b) : 0) || (a < b ? -1 : 1));
  return Object.fromEntries(distinct.map((name, i) => [name, i]));
}

/** A cell as a name: strings trimmed, whole numbers and booleans as JSON writes them; undefined for all else. */
function plain(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  return Number.isSafeInteger(value) || typeof value === "boolean" ? String(value) : undefined;
}

function shown({ cells }: Row, column: string): string {
  return Object.hasOwn(cells, column) ? (JSON.stringify(cells[column]) ?? "nothing").slice(0, 60) : "nothing";
}

function missing(path: string, role: string, wanted: string, columns: readonly string[]): never {
  throw new TsloraError("bad-input", `${path}: expected a column ${JSON.stringify(wanted)} (options.${role}), got the columns ${columns.map((name) => JSON.stringify(name)).join(", ") || "of an empty file"}.`, { details: { path, columns } });
}
