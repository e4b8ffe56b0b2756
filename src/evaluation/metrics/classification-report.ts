import { TsloraError } from "../../base/tslora-error";
import { formatFixed } from "./format-fixed";
import type { LabelIndicators } from "./label-indicators";
import { pythonFloat } from "./python-float";
import { reportRows, type ReportOptions, type ReportRow } from "./report-rows";
import type { Labels } from "./targets";

const COLUMNS = ["precision", "recall", "f1-score", "support"];
const WIDTH = 9; // characters of each column

/**
 * The main classification metrics as text, byte for byte as scikit-learn 1.9's `classification_report` prints them.
 *
 * This includes two peculiarities: labels that never occur count in the macro average, and supports are written as
 * `3.0` if samples have weights or no sample was predicted correctly.
 *
 * @param yTrue - one label per sample, or rows of 0 and 1, [samples, labels]
 * @param options.digits - decimals of the scores. @default 2
 * @throws TsloraError `bad-input` for labels that cannot be compared, `bad-option` for names that do not fit them.
 */
export function classificationReport(
  yTrue: Labels | LabelIndicators,
  yPred: Labels | LabelIndicators,
  options: ReportOptions & { readonly digits?: number } = {},
): string {
  const { digits = 2 } = options;
  if (!Number.isSafeInteger(digits) || digits < 0)
    throw new TsloraError(
      "bad-option",
      `classificationReport: digits must be a whole number of at least 0; got ${digits}.`,
    );
  const { classes, averages, hasAccuracy, whole } = reportRows("classificationReport", yTrue, yPred, options);
  const width = Math.max(...classes.map(({ name }) => [...name].length), "weighted avg".length, digits);
  const line = (name: string, cells: readonly string[]): string =>
    `${right(name, width)} ${cells.map((cell) => ` ${right(cell, WIDTH)}`).join("")}\n`;
  const row = ({ name, precision, recall, fscore, support }: ReportRow, onlyLast = false): string => {
    const scores = [precision, recall, fscore].map((score) => formatFixed(score, digits));
    return line(name, [...(onlyLast ? ["", "", scores[2]] : scores), whole ? String(support) : pythonFloat(support)]);
  };
  return `${line("", COLUMNS)}\n${classes.map((entry) => row(entry)).join("")}\n${averages.map((entry, i) => row(entry, hasAccuracy && i === 0)).join("")}`;
}

/** Pads a text at the left to a width in code points, as Python does; `padStart` counts UTF-16 units. */
function right(text: string, width: number): string {
  return " ".repeat(Math.max(0, width - [...text].length)) + text;
}
