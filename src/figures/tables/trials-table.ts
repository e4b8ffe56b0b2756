import { formatNumber } from "../format";
import { reachedValue, settingText, type MetricOptions, type TrialLike } from "../plots/trial-like";
import type { Table } from "../types";

/** Options of {@link trialsTable}. */
export interface TrialsTableOptions extends MetricOptions {
  /** @default "Trials, the best first" */
  readonly title?: string;
  /** The most rows. @default 15 */
  readonly maxRows?: number;
}

/**
 * The trials of a sweep with their settings: complete ones by their value, the best first, then those that were pruned,
 * by the value that they reached.
 */
export function trialsTable(trials: readonly TrialLike[], options: TrialsTableOptions): Table {
  const { metric, direction, title = "Trials, the best first", maxRows = 15 } = options;
  const names = [...new Set(trials.flatMap(({ settings }) => Object.keys(settings)))];
  const sign = direction === "maximize" ? 1 : -1;
  const rank = (trial: TrialLike): number => sign * (reachedValue(trial) ?? -sign * Infinity);
  const sorted = [...trials].sort(
    (a, b) =>
      Number(b.state === "complete") - Number(a.state === "complete") || rank(b) - rank(a) || a.number - b.number,
  );
  const left = trials.length - maxRows;
  return {
    kind: "table",
    title,
    columns: [
      { name: "Trial", align: "right" },
      { name: "State" },
      { name: metric, align: "right" },
      ...names.map((name) => ({ name, align: "right" as const })),
    ],
    rows: sorted.slice(0, maxRows).map((trial) => ({
      kind: "cells",
      cells: [
        String(trial.number),
        trial.state,
        formatNumber(reachedValue(trial), 3),
        ...names.map((name) => settingText(trial.settings[name])),
      ],
    })),
    ...(left > 0 ? { note: `${left} more trials are not shown.` } : {}),
  };
}
