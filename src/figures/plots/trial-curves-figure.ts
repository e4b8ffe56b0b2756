import { formatNumber } from "../format";
import type { Figure } from "../types";
import { axis, baseLayout } from "./base-layout";
import { rounded } from "./curve-points";
import { OKABE_ITO } from "./palette";
import { bestTrial, colourOfValue, expectTrials, reachedValue, type MetricOptions } from "./trial-like";
import type { TrialLike } from "./trial-like";

/** Options of {@link trialCurvesFigure}. */
export interface TrialCurvesOptions extends MetricOptions {
  /** @default "METRIC of each trial by step" */
  readonly title?: string;
}

/**
 * The learning curve of each trial, on the validation texts: complete trials are solid, pruned ones end early and are
 * dotted, and the best one is thick and orange.
 *
 * @throws TsloraError `bad-input` for no trial
 */
export function trialCurvesFigure(trials: readonly TrialLike[], options: TrialCurvesOptions): Figure {
  const { metric, direction, title = `${metric} of each trial by step` } = options;
  expectTrials("trialCurvesFigure", trials);
  const shown = trials.filter(({ intermediate }) => intermediate.length > 0);
  const best = bestTrial(shown, direction);
  const values = shown.map((trial) => reachedValue(trial) ?? NaN);
  const ordered = [...shown.filter((trial) => trial !== best), ...(best === undefined ? [] : [best])];
  return {
    kind: "figure",
    data: ordered.map((trial) => {
      const color = trial === best ? OKABE_ITO[3] : colourOfValue(reachedValue(trial) ?? NaN, { values, direction });
      return {
        type: "scatter",
        mode: "lines+markers",
        name: trial === best ? `trial ${trial.number}, the best` : `trial ${trial.number}`,
        x: trial.intermediate.map(({ step }) => step),
        y: trial.intermediate.map(({ value }) => rounded(value)),
        line: { color, width: trial === best ? 3 : 1.3, dash: trial.state === "complete" ? "solid" : "dot" },
        marker: { color, size: trial === best ? 7 : 4 },
        showlegend: trial === best,
        hovertemplate: `step %{x}: %{y}<extra>trial ${trial.number}</extra>`,
      };
    }),
    layout: {
      ...baseLayout({ title, legend: best === undefined ? false : [`trial ${best.number}, the best`] }),
      xaxis: axis("Step", { rangemode: "tozero" }),
      yaxis: axis(`${metric} on the validation set`),
    },
    text: [
      title,
      ...shown.map(
        ({ number, state, intermediate }) =>
          `  trial ${number}, ${state}: ${intermediate.map(({ value }) => formatNumber(value, 3)).join(" ")}`,
      ),
    ].join("\n"),
  };
}
