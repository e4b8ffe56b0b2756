import { formatInterval, formatNumber, type IntervalLike } from "../format";
import type { Table } from "../types";

/** A threshold tuned on some texts and tried on others, from `tryThresholds`. */
export interface ThresholdTableRow {
  /** A short description of the goal. */
  readonly name: string;
  readonly tuned: { readonly threshold: number; readonly value: number };
  readonly value: number | null;
  readonly valueAtHalf: number | null;
  readonly changeInterval: IntervalLike | null;
  readonly verdict: "better" | "worse" | "undecided";
  readonly precision: number | null;
  readonly recall: number;
}

/** Options of {@link thresholdTable}. */
export interface ThresholdTableOptions {
  /** @default "Thresholds, tuned on validation and tried on test" */
  readonly title?: string;
  /** A sentence below the table. @default a caution that the validation's values are too good to report */
  readonly note?: string;
}

const DIGITS = 3;
const VERDICTS = { better: "better", worse: "worse", undecided: "undecided" };

/** Each goal's threshold, its value on the tuning texts, and its value and that of 0.5 on other texts. */
export function thresholdTable(rows: readonly ThresholdTableRow[], options: ThresholdTableOptions = {}): Table {
  const {
    title = "Thresholds, tuned on validation and tried on test",
    note = "The values on validation are too good to report: each threshold was chosen for them.",
  } = options;
  const number = (value: number | null): string => formatNumber(value, DIGITS);
  const columns: [name: string, group: string][] = [
    ["threshold", "validation"],
    ["value", "validation"],
    ["value", "test"],
    ["at 0.5", "test"],
    ["change", "test"],
    ["precision", "test"],
    ["recall", "test"],
  ];
  return {
    kind: "table",
    title,
    columns: [
      { name: "Tuned for" },
      ...columns.map(([name, group]) => ({ name, group, align: "right" as const })),
      { name: "Than 0.5" },
    ],
    rows: rows.map(({ name, tuned, value, valueAtHalf, changeInterval, verdict, precision, recall }) => ({
      kind: "cells",
      cells: [
        name,
        number(tuned.threshold),
        number(tuned.value),
        number(value),
        number(valueAtHalf),
        changeInterval === null ? "–" : formatInterval(changeInterval, DIGITS),
        number(precision),
        number(recall),
        VERDICTS[verdict],
      ],
    })),
    note,
  };
}
