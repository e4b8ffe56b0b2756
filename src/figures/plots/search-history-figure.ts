import { formatNumber } from "../format";
import type { Figure } from "../types";
import { axis, baseLayout } from "./base-layout";
import { rounded } from "./curve-points";
import { NEUTRAL, OKABE_ITO } from "./palette";
import { expectTrials, reachedValue, type MetricOptions, type TrialLike } from "./trial-like";

/** Options of {@link searchHistoryFigure}. */
export interface SearchHistoryOptions extends MetricOptions {
  /** @default "METRIC of the trials, in their order" */
  readonly title?: string;
}

/**
 * The value of each trial in the order of the search, and the best value so far. Pruned trials are hollow, at the value
 * that they reached.
 *
 * @throws TsloraError `bad-input` for no trial
 */
export function searchHistoryFigure(trials: readonly TrialLike[], options: SearchHistoryOptions): Figure {
  const { metric, direction, title = `${metric} of the trials, in their order` } = options;
  expectTrials("searchHistoryFigure", trials);
  const complete = trials.filter(({ state, value }) => state === "complete" && value !== undefined);
  const others = trials.filter((trial) => trial.state !== "complete" && reachedValue(trial) !== undefined);
  const better = direction === "maximize" ? Math.max : Math.min;
  let best: number | undefined;
  const so = complete.map(({ value = NaN }) => (best = best === undefined ? value : better(best, value)));
  const names = ["complete", "pruned or running", "best so far"];
  return {
    kind: "figure",
    data: [
      points(names[0], complete, { color: OKABE_ITO[0], size: 9 }),
      points(names[1], others, { color: NEUTRAL, size: 8, symbol: "circle-open" }),
      {
        type: "scatter",
        mode: "lines",
        name: names[2],
        x: complete.map(({ number }) => number),
        y: so.map(rounded),
        line: { color: OKABE_ITO[3], width: 2, shape: "hv" },
        hoverinfo: "skip",
      },
    ],
    layout: {
      ...baseLayout({ title, legend: names }),
      xaxis: axis("Trial", { rangemode: "tozero" }),
      yaxis: axis(`${metric} on the validation set`),
    },
    text: [
      title,
      ...complete.map(({ number, value }) => `  trial ${number}: ${formatNumber(value, 3)}`),
      `  best: ${formatNumber(best, 3)}`,
    ].join("\n"),
  };
}

function points(name: string, trials: readonly TrialLike[], marker: object): Figure["data"][number] {
  return {
    type: "scatter",
    mode: "markers",
    name,
    x: trials.map(({ number }) => number),
    y: trials.map((trial) => rounded(reachedValue(trial) ?? NaN)),
    marker,
    hovertemplate: "trial %{x}: %{y}",
  };
}
