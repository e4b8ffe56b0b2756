import { formatInterval, formatNumber, formatSeconds, type IntervalLike } from "../format";
import type { Table, TableCell } from "../types";

/** A method's scores, as `summarizeRuns` gives them. */
export interface MethodSummaryLike {
  readonly method: string;
  readonly runs: number;
  readonly scores: Readonly<
    Record<
      string,
      { readonly mean: number | null; readonly deviation: number | null; readonly interval: IntervalLike | null }
    >
  >;
  readonly trainableParameters: number;
  readonly elapsedSeconds: number;
}

/** Options of {@link methodsTable}. */
export interface MethodsTableOptions {
  /** @default "Methods side by side" */
  readonly title?: string;
  /** A sentence below the table. */
  readonly note?: string;
}

const TITLES: Readonly<Record<string, string>> = {
  accuracy: "Accuracy",
  balancedAccuracy: "Balanced accuracy",
  f1: "F1",
  rocAuc: "AUC",
  averagePrecision: "Average precision",
  brierScore: "Brier score",
  logLoss: "Log loss",
};

/** A row for each method, a column for each score: the mean over runs, with its interval below it. */
export function methodsTable(methods: readonly MethodSummaryLike[], options: MethodsTableOptions = {}): Table {
  const { title = "Methods side by side", note } = options;
  const names = Object.keys(methods[0]?.scores ?? {});
  return {
    kind: "table",
    title,
    columns: [
      { name: "Method" },
      ...["Runs", ...names.map((name) => TITLES[name] ?? name), "Trained", "Time"].map((name) => ({
        name,
        align: "right" as const,
      })),
    ],
    rows: methods.map(({ method, runs, scores, trainableParameters, elapsedSeconds }) => ({
      kind: "cells",
      cells: [
        method,
        formatNumber(runs),
        ...names.map((name) => scoreCell(scores[name])),
        formatNumber(trainableParameters),
        formatSeconds(elapsedSeconds),
      ],
    })),
    ...(note === undefined ? {} : { note }),
  };
}

function scoreCell({ mean, deviation, interval }: MethodSummaryLike["scores"][string]): TableCell {
  const text = formatNumber(mean, 3);
  if (interval === null) return text;
  const between = deviation === null ? "" : `; standard deviation between runs ${formatNumber(deviation, 3)}`;
  return { text, detail: formatInterval(interval, 3), hover: `${text} ${formatInterval(interval, 3)}${between}` };
}
