import { shownNames, shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";

/** The role of a column. */
export interface ColumnRole {
  /** The option for its name. */
  readonly option: "textColumn" | "textPair" | "labelColumn" | "labelColumns" | "idColumn" | "groupColumn";
  /** Its usual names. */
  readonly usual: readonly string[];
}

export const TEXT_COLUMN: ColumnRole = { option: "textColumn", usual: ["texts", "text"] };
export const LABEL_COLUMN: ColumnRole = { option: "labelColumn", usual: ["label"] };
/** Lists of labels. */
export const LABELS_COLUMN: ColumnRole = { option: "labelColumn", usual: ["labels", "label"] };
/** The second text of a pair; only by its name. */
export const PAIR_COLUMN: ColumnRole = { option: "textPair", usual: [] };
export const ID_COLUMN: ColumnRole = { option: "idColumn", usual: ["ID", "id", "PMID", "pmid"] };

/** Values that related texts share; only by its name. */
export const GROUP_COLUMN: ColumnRole = { option: "groupColumn", usual: [] };

/** The table and its columns. */
export interface ColumnsOf {
  /** Its name in messages. */
  readonly name: string;
  readonly columns: readonly string[];
  /** The separator of CSV, for a suggestion of another one. */
  readonly delimiter?: string;
}

/**
 * The column of a role: the named one, else the first column with a usual name, in upper or lower case.
 *
 * @returns undefined if none is named and no column has a usual name
 * @throws TsloraError `bad-input` if the named column is missing, or two columns have the chosen name.
 */
export function findColumn(of: ColumnsOf, role: ColumnRole, wanted: string | undefined): string | undefined {
  if (wanted !== undefined && !of.columns.includes(wanted)) missing(of, role, wanted);
  const found = wanted ?? usualColumn(of.columns, role);
  if (found !== undefined && of.columns.indexOf(found) !== of.columns.lastIndexOf(found)) {
    throw new TsloraError(
      "bad-input",
      `${of.name} must have each column once; ${shownValue(found)} is there twice. Rename one of them.`,
    );
  }
  return found;
}

/** The column of a required role. */
export function needColumn(of: ColumnsOf, role: ColumnRole, wanted: string | undefined): string {
  return findColumn(of, role, wanted) ?? missing(of, role, role.usual.at(-1) ?? "");
}

function usualColumn(columns: readonly string[], { usual }: ColumnRole): string | undefined {
  const exact = usual.find((name) => columns.includes(name));
  return exact ?? columns.find((column) => usual.some((name) => name.toLowerCase() === column.toLowerCase()));
}

function missing({ name, columns, delimiter }: ColumnsOf, { option, usual }: ColumnRole, wanted: string): never {
  const got =
    columns.length === 0 ? "an empty file" : `the column${columns.length === 1 ? "" : "s"} ${shownNames(columns, 10)}`;
  const near = columns.find((column) => column.toLowerCase() === wanted.toLowerCase());
  const advice =
    near === undefined
      ? suggestDelimiter(columns, delimiter, [wanted, ...usual])
      : ` Is it ${option}: ${JSON.stringify(near)}?`;
  throw new TsloraError(
    "bad-input",
    `${name} must have a column ${shownValue(wanted)} (options.${option}); got ${got}.${advice}`,
    { details: { columns: columns.slice(0, 100) } },
  );
}

/** Advice for a header row that seems to use another separator. */
function suggestDelimiter(
  columns: readonly string[],
  delimiter: string | undefined,
  wanted: readonly string[],
): string {
  if (delimiter === undefined) return "";
  const names = wanted.map((name) => name.toLowerCase());
  const other = [";", "\t", ",", "|"].find((one) => {
    if (one === delimiter || !columns.some((name) => name.includes(one))) return false;
    const cells = columns.join(delimiter).toLowerCase().split(one);
    return columns.length === 1 || cells.some((cell) => names.includes(cell.trim()));
  });
  if (other === undefined) return "";
  const header = columns.length === 1 ? "The header row is one column and holds" : "A column's name holds";
  return ` ${header} ${JSON.stringify(other)}: pass delimiter: ${JSON.stringify(other)}.`;
}
