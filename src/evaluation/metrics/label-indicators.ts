import { TsloraError } from "../../base/tslora-error";
import type { Labels } from "./targets";

/** Any number of labels per sample: a row of 0 and 1, one column per label, [samples, labels]. */
export type LabelIndicators = readonly ArrayLike<number>[];

/** Whether labels are rows of 0 and 1, instead of one label per sample. */
export function isIndicators(labels: Labels | LabelIndicators): labels is LabelIndicators {
  return labels.length > 0 && typeof labels[0] === "object";
}

/**
 * Checks rows of 0 and 1.
 *
 * @returns the number of labels
 * @throws TsloraError `bad-input` if rows differ in length, have only one column, or hold other values.
 */
export function checkIndicators(where: string, name: string, rows: LabelIndicators): number {
  const width = rows[0].length;
  if (width < 2)
    throw new TsloraError(
      "bad-input",
      `${where}: ${name} must have two columns or more, one for each label; it has ${width}. Pass one label a sample as a plain list.`,
    );
  rows.forEach((row, i) => {
    if (typeof row !== "object" || row.length !== width)
      throw new TsloraError(
        "bad-input",
        `${where}: ${name} must hold ${width} numbers for each sample, as in the first; index ${i} has ${typeof row === "object" ? row.length : String(row)}.`,
      );
    const bad = Array.from(row).findIndex((flag) => flag !== 0 && flag !== 1);
    if (bad >= 0)
      throw new TsloraError(
        "bad-input",
        `${where}: ${name} must hold 0 and 1, one column for each label; ${String(row[bad])} is at index ${i}, column ${bad}.`,
      );
  });
  return width;
}
