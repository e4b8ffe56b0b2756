import { formatInterval, formatNumber, type IntervalLike } from "../format";
import type { Table, TableCell, TableRow } from "../types";

/** The part of an evaluation that {@link evaluationTable} reads. */
export interface EvaluationTableInput {
  readonly n: number;
  readonly accuracy: number;
  readonly accuracyInterval?: IntervalLike | null;
  readonly perLabel: readonly {
    readonly name: string;
    readonly accuracy: number;
    readonly accuracyInterval?: IntervalLike | null;
    readonly precision: number;
    readonly recall: number;
    readonly f1: number;
    readonly support: number;
  }[];
}

/** Options of {@link evaluationTable}. */
export interface EvaluationTableOptions {
  /** @default "Evaluation" */
  readonly title?: string;
  readonly note?: string;
}

const DIGITS = 3;

/**
 * The scores of a classifier: accuracy with its interval over all texts and for each label, precision, recall and F1.
 */
export function evaluationTable(evaluation: EvaluationTableInput, options: EvaluationTableOptions = {}): Table {
  const { title = "Evaluation", note } = options;
  const accuracy = (value: number, interval: IntervalLike | null | undefined): TableCell => {
    const text = formatNumber(value, DIGITS);
    return interval ? { text, detail: formatInterval(interval, DIGITS) } : text;
  };
  const row = (cells: readonly TableCell[]): TableRow => ({ kind: "cells", cells });
  return {
    kind: "table",
    title,
    columns: [
      { name: "" },
      ...["accuracy", "precision", "recall", "f1-score", "texts"].map((name) => ({ name, align: "right" as const })),
    ],
    rows: [
      ...evaluation.perLabel.map((label) =>
        row([
          label.name,
          accuracy(label.accuracy, label.accuracyInterval),
          ...[label.precision, label.recall, label.f1].map((value) => formatNumber(value, DIGITS)),
          formatNumber(label.support),
        ]),
      ),
      row(["all", accuracy(evaluation.accuracy, evaluation.accuracyInterval), "", "", "", formatNumber(evaluation.n)]),
    ],
    ...(note === undefined ? {} : { note }),
  };
}
