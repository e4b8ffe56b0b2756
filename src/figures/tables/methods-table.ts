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

/** The titles of a comparison's scores, in the order of its tables. */
export const SCORE_TITLES: Readonly<Record<string, string>> = {
  accuracy: "Accuracy",
  balancedAccuracy: "Balanced accuracy",
  f1: "F1",
  rocAuc: "AUC",
  averagePrecision: "Average precision",
  brierScore: "Brier score",
  logLoss: "Log loss",
};

/**
 * A row for each method, a column for each score: the mean over runs, with its interval below it. Below the method's
 * name: its runs, the parameters that it trains, and the time of a run.
 */
export function methodsTable(methods: readonly MethodSummaryLike[], options: MethodsTableOptions = {}): Table {
  const { title = "Methods side by side", note } = options;
  const names = Object.keys(methods[0]?.scores ?? {});
  return {
    kind: "table",
    title,
    columns: [
      { name: "Method" },
      ...names.map((name) => ({ name: SCORE_TITLES[name] ?? name, align: "right" as const })),
    ],
    rows: methods.map((summary) => ({
      kind: "cells",
      cells: [
        { text: summary.method, detail: effortText(summary) },
        ...names.map((name) => scoreCell(summary.scores[name])),
      ],
    })),
    ...(note === undefined ? {} : { note }),
  };
}

function effortText({ runs, trainableParameters, elapsedSeconds }: MethodSummaryLike): string {
  const parameters = trainableParameters === 0 ? [] : [`${formatNumber(trainableParameters)} trained`];
  return [`${formatNumber(runs)} ${runs === 1 ? "run" : "runs"}`, ...parameters, formatSeconds(elapsedSeconds)].join(
    " · ",
  );
}

const INTERVAL_DIGITS = 2; // with more, seven scores would not fit into the width

function scoreCell({ mean, deviation, interval }: MethodSummaryLike["scores"][string]): TableCell {
  const text = formatNumber(mean, 3);
  if (interval === null) return text;
  const between = deviation === null ? "" : `; standard deviation between runs ${formatNumber(deviation, 3)}`;
  return {
    text,
    detail: formatInterval(interval, INTERVAL_DIGITS),
    hover: `${text} ${formatInterval(interval, 3)}${between}`,
  };
}
