import { compareCodePoints } from "../base/compare-code-points";
import { shownNames } from "../base/shown-value";

/** Class names from a table's cells, one per row, and their numbers. */
export interface NumberedLabels {
  readonly classes: Readonly<Record<string, number>>;
  /** The label name for each value of the label column. */
  readonly nameOf: (cell: string) => string;
}

/**
 * Numbers class names. Consecutive whole numbers from 0 are kept; other names are numbered in sorted order, numbers by
 * value. If all are numbers, `1.0` is `1`: pandas writes whole numbers in a column with a gap like this.
 */
export function numberLabels(names: readonly string[]): NumberedLabels {
  const numeric = names.every((name) => Number.isFinite(Number(name)));
  const nameOf = (cell: string): string => (numeric ? wholeName(cell) : cell);
  const distinct = [...new Set(names.map(nameOf))];
  distinct.sort((a, b) => (numeric ? Number(a) - Number(b) : 0) || compareCodePoints(a, b));
  return { classes: Object.fromEntries(distinct.map((name, i) => [name, i])), nameOf };
}

/** The name of a whole number, such as `1` of `1.0`; another name as it is. */
export function wholeName(cell: string): string {
  return cell.replace(/^([+-]?\d+)\.0+$/, "$1");
}

/** Remarks about a table's labels: similar names that may be one class, and too many names. */
export function labelRemarks(
  cells: readonly string[],
  { column, trimmed }: { readonly column: string; readonly trimmed: number },
): string[] {
  const distinct = [...new Set(cells)];
  const remarks: string[] = [];
  if (trimmed > 0) remarks.push(`White space around ${trimmed} of the labels was removed.`);
  const byCase = new Map<string, string[]>();
  for (const name of distinct) {
    const key = name.normalize("NFKC").toLowerCase().replace(/\s+/g, " ");
    byCase.set(key, [...(byCase.get(key) ?? []), name]);
  }
  const alike = [...byCase.values()].filter((names) => names.length > 1);
  if (alike.length > 0)
    remarks.push(
      `The labels ${alike
        .slice(0, 3)
        .map((names) => shownNames(names))
        .join("; ")} are different classes, though they differ in case or spacing only.`,
    );
  if (distinct.length > 20 && distinct.length > cells.length / 2)
    remarks.push(`There are ${distinct.length} classes for ${cells.length} texts: is ${column} the column of labels?`);
  return remarks;
}
