import { shownNames } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import type { CorpusProblem } from "../corpus";
import { shownCell } from "./cells";
import { findColumn, LABEL_COLUMN, LABELS_COLUMN, needColumn, type ColumnsOf } from "./choose-column";
import type { Row } from "./table-reader";
import { GROUP } from "../read-frame";

/** The columns that hold a table's labels: one name, a list of names, or a column of 0 and 1 for each label. */
export type LabelsAt =
  | { readonly kind: "one"; readonly column: string }
  | { readonly kind: "list"; readonly column: string }
  | { readonly kind: "columns"; readonly columns: readonly string[] };

/** The names of a row's labels, or the reason why they cannot be read. */
export type RowLabels =
  | { readonly kind: "names"; readonly names: readonly string[]; readonly trimmed: number }
  | { readonly kind: "problem"; readonly problem: Pick<CorpusProblem, "kind" | "message"> };

/** The options for finding the labels. */
export interface LabelOptions {
  readonly labelColumn?: string;
  readonly labelColumns?: readonly string[];
  readonly multiLabel?: boolean;
  readonly labels?: Readonly<Record<string, number>>;
}

/** Columns of a frame that no label can be named after. */
const RESERVED = ["texts", "text_pair", "ID"];

/**
 * Finds the columns of the labels: one column of names, one column of lists, or one column of 0 and 1 for each label.
 * By default, lists are in the column `labels` or `label`; if there is none, the given labels name the columns.
 *
 * @throws TsloraError `bad-input` that lists the columns, if one is missing or `labels` does not name it.
 */
export function findLabels(of: ColumnsOf, options: LabelOptions): LabelsAt {
  const { labelColumn, labelColumns, multiLabel = labelColumns !== undefined, labels } = options;
  if (!multiLabel) return { kind: "one", column: oneColumn(of, labelColumn) };
  const given = Object.keys(labels ?? {});
  const areColumns = given.length > 0 && given.every((name) => of.columns.includes(name));
  if (labelColumns === undefined && (labelColumn !== undefined || !areColumns || hasLists(of)))
    return { kind: "list", column: needColumn(of, LABELS_COLUMN, labelColumn) };
  const columns = labelColumns ?? given;
  for (const column of columns) needColumn(of, { option: "labelColumns", usual: [] }, column);
  const others =
    given.length === 0
      ? []
      : [...columns, ...given].filter((name) => !(columns.includes(name) && given.includes(name)));
  if (others.length > 0)
    throw new TsloraError(
      "bad-input",
      `${of.name}: labelColumns must be the labels ${shownNames(given)}, in any order; got ${shownNames(columns)}.`,
    );
  return { kind: "columns", columns: given.length === 0 ? columns : given };
}

function hasLists(of: ColumnsOf): boolean {
  return findColumn(of, LABELS_COLUMN, undefined) !== undefined;
}

function oneColumn(of: ColumnsOf, wanted: string | undefined): string {
  try {
    return needColumn(of, LABEL_COLUMN, wanted);
  } catch (error) {
    if (!(error instanceof TsloraError) || wanted !== undefined || !of.columns.includes("labels")) throw error;
    throw new TsloraError(
      error.code,
      `${error.message} If the column "labels" holds a list of labels for each text, pass multiLabel: true.`,
      { details: error.details, cause: error },
    );
  }
}

/** Refuses labels with the names of the frame's other columns. */
export function expectFreeNames(
  name: string,
  { labels, groups }: { readonly labels: readonly string[]; readonly groups: boolean },
): void {
  const reserved = groups ? [...RESERVED, GROUP] : RESERVED;
  const taken = labels.filter((label) => reserved.includes(label));
  if (taken.length > 0)
    throw new TsloraError(
      "bad-input",
      `${name}: no label may be named ${reserved.join(", ")}, as other columns of the frame are; got ${shownNames(taken)}. Rename it.`,
    );
}

/** Reads the labels of a row. */
export function readRowLabels(row: Row, at: LabelsAt): RowLabels {
  if (at.kind === "columns") return flaggedColumns(row, at.columns);
  const value = row.get(at.column);
  return at.kind === "one" ? oneName({ value, column: at.column }) : listedNames({ value, column: at.column });
}

function oneName({ value, column }: { value: unknown; column: string }): RowLabels {
  const name = plain(value);
  if (name !== undefined)
    return { kind: "names", names: [name], trimmed: Number(typeof value === "string" && value !== name) };
  const advice = Array.isArray(value) ? ". Pass multiLabel: true to read lists of labels" : "";
  return problem("unknown-class", `${column} must be a string or a whole number; got ${shownCell(value)}${advice}`);
}

function listedNames({ value, column }: { value: unknown; column: string }): RowLabels {
  if (!Array.isArray(value)) {
    const advice = typeof value === "string" ? ". In CSV give labelColumns: a column of 0 and 1 for each label" : "";
    return problem("bad-labels", `${column} must be a list of labels; got ${shownCell(value)}${advice}`);
  }
  const names = (value as unknown[]).map(plain);
  const bad = names.findIndex((name) => name === undefined);
  if (bad >= 0)
    return problem(
      "bad-labels",
      `${column} must be a list of strings or whole numbers; got ${shownCell((value as unknown[])[bad])} in it`,
    );
  const whole = names as readonly string[];
  const twice = whole.filter((name, i) => whole.indexOf(name) !== i);
  if (twice.length > 0)
    return problem("bad-labels", `${column} must list a label once; got ${shownNames(twice)} twice`);
  return {
    kind: "names",
    names: whole,
    trimmed: (value as unknown[]).filter((given, i) => typeof given === "string" && given !== whole[i]).length,
  };
}

function flaggedColumns(row: Row, columns: readonly string[]): RowLabels {
  const flags = columns.map((column) => flagOf(row.get(column)));
  const bad = columns.find((_, i) => flags[i] === undefined);
  return bad === undefined
    ? { kind: "names", names: columns.filter((_, i) => flags[i] === 1), trimmed: 0 }
    : problem("bad-labels", `${bad} must be 0 or 1; got ${shownCell(row.get(bad))}`);
}

/** Reads 0 or 1, as CSV, pandas (1.0, True) and JSON write them; undefined for other values. */
function flagOf(value: unknown): 0 | 1 | undefined {
  const text = plain(value)?.toLowerCase();
  if (text === undefined) return undefined;
  return /^(1(\.0+)?|true)$/.test(text) ? 1 : /^(0(\.0+)?|false)$/.test(text) ? 0 : undefined;
}

function problem(kind: CorpusProblem["kind"], message: string): RowLabels {
  return { kind: "problem", problem: { kind, message } };
}

/** A cell as a name: a trimmed string, a whole number or a boolean as JSON writes it; undefined for other values. */
export function plain(value: unknown): string | undefined {
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  return Number.isSafeInteger(value) || typeof value === "boolean" ? String(value) : undefined;
}
