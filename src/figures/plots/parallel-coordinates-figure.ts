import { escapeLabel } from "../escape";
import { formatNumber } from "../format";
import type { Figure, Trace } from "../types";
import { baseLayout } from "./base-layout";
import { rounded } from "./curve-points";
import {
  colourOfValue,
  expectTrials,
  reachedValue,
  settingText,
  type MetricOptions,
  type TrialLike,
} from "./trial-like";

/** Options of {@link parallelCoordinatesFigure}. */
export interface ParallelCoordinatesOptions extends MetricOptions {
  /** Settings whose axis is logarithmic. @default those of numbers above 0 that span a factor of 50 */
  readonly log?: readonly string[];
  /** @default "Settings and METRIC of each trial" */
  readonly title?: string;
}

/** One axis: where a value is, from 0 to 1, and what its ends and choices are called. */
interface Axis {
  readonly name: string;
  readonly place: (trial: TrialLike) => number | undefined;
  readonly marks: readonly { readonly at: number; readonly text: string }[];
}

const WIDE = 50; // a range from which on the logarithm is shown

/**
 * One line for each trial across an axis for each setting and one for the value: the better, the bluer. A trial that
 * was pruned is dotted, and has the value that it reached. A line has a gap where a setting does not apply.
 *
 * @throws TsloraError `bad-input` for no trial
 */
export function parallelCoordinatesFigure(trials: readonly TrialLike[], options: ParallelCoordinatesOptions): Figure {
  const { metric, direction, title = `Settings and ${metric} of each trial` } = options;
  expectTrials("parallelCoordinatesFigure", trials);
  const shown = trials.filter((trial) => reachedValue(trial) !== undefined);
  const names = [...new Set(trials.flatMap(({ settings }) => Object.keys(settings)))];
  const axes = [
    ...names.map((name) => settingAxis(name, shown, options.log)),
    numberAxis(metric, shown.map(reachedValue), { log: false, of: reachedValue }),
  ];
  const values = shown.map((trial) => reachedValue(trial) ?? NaN);
  const ranked = [...shown].sort((a, b) => (reachedValue(a) ?? 0) - (reachedValue(b) ?? 0));
  if (direction === "minimize") ranked.reverse(); // the best are drawn last, above the others
  return {
    kind: "figure",
    data: ranked.map((trial) => line(trial, { axes, values, direction })),
    layout: {
      ...baseLayout({ title, height: 440 }),
      margin: { l: 48, r: 64, t: 56, b: 64 },
      xaxis: {
        tickvals: axes.map((_, i) => i),
        ticktext: axes.map(({ name }) => escapeLabel(name)),
        range: [-0.25, axes.length - 0.55],
        zeroline: false,
        gridwidth: 2,
        tickangle: axes.length > 6 ? 25 : 0,
      },
      yaxis: { range: [-0.06, 1.06], showticklabels: false, showgrid: false, zeroline: false },
      annotations: axes.flatMap(({ marks }, i) =>
        marks.map(({ at, text }) => ({
          x: i,
          y: at,
          text: escapeLabel(text),
          showarrow: false,
          xanchor: "left",
          xshift: 4,
          font: { size: 11 },
        })),
      ),
    },
    text: [
      title,
      ...[...ranked]
        .reverse()
        .slice(0, 10)
        .map((trial) => lineText(trial, metric)),
    ].join("\n"),
  };
}

function line(
  trial: TrialLike,
  {
    axes,
    values,
    direction,
  }: { axes: readonly Axis[]; values: readonly number[]; direction: MetricOptions["direction"] },
): Trace {
  const color = colourOfValue(reachedValue(trial) ?? NaN, { values, direction });
  return {
    type: "scatter",
    mode: "lines+markers",
    name: `trial ${trial.number}`,
    x: axes.map((_, i) => i),
    y: axes.map(({ place }) => {
      const at = place(trial);
      return at === undefined ? null : rounded(at);
    }),
    line: { color, width: 1.5, dash: trial.state === "complete" ? "solid" : "dot", shape: "linear" },
    marker: { color, size: 5 },
    text: axes.map(({ name }, i) =>
      escapeLabel(
        i === axes.length - 1
          ? `${name} ${formatNumber(reachedValue(trial), 3)}`
          : `${name} ${settingText(trial.settings[name])}`,
      ),
    ),
    hovertemplate: `%{text}<extra>trial ${trial.number}</extra>`,
  };
}

function settingAxis(name: string, trials: readonly TrialLike[], log: readonly string[] | undefined): Axis {
  const values = trials.flatMap(({ settings }) => (name in settings ? [settings[name]] : []));
  if (values.some((value) => typeof value !== "number")) {
    const choices = [...new Set(values.map(settingText))].sort();
    const at = (text: string): number => (choices.length === 1 ? 0.5 : choices.indexOf(text) / (choices.length - 1));
    return {
      name,
      place: ({ settings }) => (name in settings ? at(settingText(settings[name])) : undefined),
      marks: choices.map((text) => ({ at: at(text), text })),
    };
  }
  const numbers = values.map(Number);
  const isLog =
    log?.includes(name) ?? (Math.min(...numbers) > 0 && Math.max(...numbers) >= WIDE * Math.min(...numbers));
  return numberAxis(name, numbers, {
    log: isLog,
    of: ({ settings }) => (name in settings ? Number(settings[name]) : undefined),
  });
}

function numberAxis(
  name: string,
  given: readonly (number | undefined)[],
  { log, of }: { log: boolean; of: (trial: TrialLike) => number | undefined },
): Axis {
  const values = given.filter((value) => value !== undefined);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const scale = (value: number): number => (log ? Math.log(value) : value);
  const at = (value: number): number => (high === low ? 0.5 : (scale(value) - scale(low)) / (scale(high) - scale(low)));
  const middle = log ? Math.sqrt(low * high) : (low + high) / 2;
  const ends = values.length === 0 ? [] : high === low ? [low] : [low, middle, high];
  return {
    name,
    place: (trial) => {
      const value = of(trial);
      return value === undefined ? undefined : at(value);
    },
    marks: ends.map((value) => ({ at: at(value), text: settingText(value) })),
  };
}

function lineText(trial: TrialLike, metric: string): string {
  const settings = Object.entries(trial.settings).map(([name, value]) => `${name} ${settingText(value)}`);
  return `  trial ${trial.number}: ${metric} ${formatNumber(reachedValue(trial), 3)}, ${trial.state}; ${settings.join(", ")}`;
}
