import { escapeLabel } from "../../figures/escape";
import { formatInterval, formatNumber } from "../../figures/format";
import { axis, baseLayout, FIGURE_SIZE } from "../../figures/plots/base-layout";
import { DASHES } from "../../figures/plots/curve-points";
import { colourOf, NEUTRAL, seeThrough } from "../../figures/plots/palette";
import { measureText } from "../../figures/plotly/measure-text";
import type { Figure, Trace } from "../../figures/types";
import type { ReportFigure, ReportPoint, ReportSeries } from "../report-section";
import { asRows } from "./row-figure";

/** The greatest gap between points of several series in one category, in categories. */
const POINT_GAP = 0.16;
/** A logarithmic axis with at most this many values has a tick for each of them. */
const MOST_TICKS = 10;

/**
 * Converts a section's figure to a plotly figure. Categories whose names do not fit next to each other become rows.
 */
export function seriesFigure(figure: ReportFigure): Figure {
  const { title, form, xLabel, yLabel, series, range, logX = false, reference } = figure;
  const names = categoriesOf(series);
  const place = placeOf(names, { form, count: series.length });
  const alone = series.length === 1;
  const layout = {
    ...legendInOrder(baseLayout({ title, legend: alone ? false : series.map(({ name }) => name), height: 420 })),
    ...(form === "bars" ? { barmode: "group", bargap: 0.3 } : {}),
    xaxis: axis(xLabel, names === undefined ? numberAxis(series, logX) : categoryAxis(names)),
    yaxis: axis(yLabel, range === undefined ? (form === "bars" ? { rangemode: "tozero" } : {}) : { range: [...range] }),
    ...(reference === undefined ? {} : { shapes: [lineAcross(reference.y)], annotations: [labelAbove(reference)] }),
  };
  const upright: Figure = {
    kind: "figure",
    data: series.flatMap((one, at) => tracesOf(one, { form, at, place, alone })),
    layout,
    text: [
      title,
      ...series.flatMap(seriesLines),
      ...(reference === undefined ? [] : [`  ${reference.label}: ${formatNumber(reference.y)}`]),
    ].join("\n"),
  };
  return names === undefined || fits(names) ? upright : asRows(upright, { names, perRow: series.length });
}

/** With a filled band, plotly would list the last series first. */
function legendInOrder({ legend, ...layout }: Record<string, unknown>): Record<string, unknown> {
  return { ...layout, legend: { ...(legend as object), traceorder: "normal" } };
}

/** The categories in the order of their first point; undefined if all x are numbers. */
function categoriesOf(series: readonly ReportSeries[]): string[] | undefined {
  const all = series.flatMap(({ points }) => points.map(({ x }) => x));
  return all.some((x) => typeof x === "string") ? [...new Set(all.map(String))] : undefined;
}

/**
 * Returns the x coordinate of a point. Points of several series in one category are placed next to each other; plotly
 * does that for bars.
 */
function placeOf(
  names: readonly string[] | undefined,
  { form, count }: { form: ReportFigure["form"]; count: number },
): (point: ReportPoint, at: number) => number {
  if (names === undefined) return ({ x }) => Number(x);
  const apart = form === "interval" ? Math.min(POINT_GAP, 0.6 / count) : 0;
  return ({ x }, at) => names.indexOf(String(x)) + apart * (at - (count - 1) / 2);
}

function tracesOf(
  { name, points }: ReportSeries,
  {
    form,
    at,
    place,
    alone,
  }: { form: ReportFigure["form"]; at: number; place: (point: ReportPoint, at: number) => number; alone: boolean },
): Trace[] {
  const colour = colourOf(at);
  const x = points.map((point) => place(point, at));
  const y = points.map((point) => point.y);
  const own = { name: escapeLabel(name), x, y, showlegend: !alone };
  const hasIntervals = points.some(({ low, high }) => low !== undefined || high !== undefined);
  if (form === "line")
    return [
      ...(hasIntervals ? band(points, { x, colour }) : []),
      {
        ...own,
        type: "scatter",
        mode: "lines+markers",
        line: { color: colour, width: 2.5, dash: DASHES[at % DASHES.length] },
        marker: { color: colour, size: 7 },
      },
    ];
  const intervals = hasIntervals
    ? {
        error_y: {
          type: "data",
          symmetric: false,
          array: points.map((point) => Math.max(0, (point.high ?? point.y) - point.y)),
          arrayminus: points.map((point) => Math.max(0, point.y - (point.low ?? point.y))),
          thickness: 2,
          width: 5,
          color: form === "bars" ? NEUTRAL : colour,
        },
      }
    : {};
  return form === "bars"
    ? [{ ...own, ...intervals, type: "bar", marker: { color: colour } }]
    : [{ ...own, ...intervals, type: "scatter", mode: "markers", marker: { color: colour, size: 10 } }];
}

/** A band between the ends of the points' intervals. */
function band(points: readonly ReportPoint[], { x, colour }: { x: readonly number[]; colour: string }): Trace[] {
  const edge = (which: "low" | "high", fill: object): Trace => ({
    type: "scatter",
    mode: "lines",
    x,
    y: points.map((point) => point[which] ?? point.y),
    line: { color: colour, width: 0 },
    showlegend: false,
    ...fill,
  });
  return [edge("low", {}), edge("high", { fill: "tonexty", fillcolor: seeThrough(colour, 0.22) })];
}

/** A dashed line over the whole width. */
function lineAcross(y: number): Record<string, unknown> {
  const line = { color: NEUTRAL, width: 1.5, dash: "dash" };
  return { type: "line", xref: "paper", x0: 0, x1: 1, y0: y, y1: y, line, layer: "below" };
}

/** The label of a line, above its right end. */
function labelAbove({ y, label }: NonNullable<ReportFigure["reference"]>): Record<string, unknown> {
  const place = { x: 0.995, xref: "paper", xanchor: "right", y, yanchor: "bottom" };
  return { ...place, text: escapeLabel(label), showarrow: false };
}

/** Type and ticks of an axis of numbers. If a logarithmic axis has few values, each has a tick, and nothing else. */
function numberAxis(series: readonly ReportSeries[], logX: boolean): Record<string, unknown> {
  if (!logX) return { type: "linear" };
  const values = [...new Set(series.flatMap(({ points }) => points.map(({ x }) => Number(x))))].sort((a, b) => a - b);
  return values.length > MOST_TICKS
    ? { type: "log", dtick: 1 }
    : { type: "log", tickvals: values, ticktext: values.map((value) => formatNumber(value)) };
}

/** Whether the categories' names fit next to each other. */
function fits(names: readonly string[]): boolean {
  const width = (FIGURE_SIZE.width - 110) / names.length;
  return names.every((name) => measureText(name, 13) <= width - 8);
}

/** Type, ticks and range of an axis of categories, which are at the whole numbers from 0. */
function categoryAxis(names: readonly string[]): Record<string, unknown> {
  return {
    type: "linear",
    tickvals: names.map((_, at) => at),
    ticktext: names.map((name) => escapeLabel(name)),
    range: [-0.6, names.length - 0.4],
    showgrid: false,
    tickangle: 0,
  };
}

function seriesLines({ name, points }: ReportSeries): string[] {
  const shown = (value: number | string): string => (typeof value === "number" ? formatNumber(value) : value);
  return [
    `  ${name}`,
    ...points.map(({ x, y, low, high }) => {
      const interval =
        low === undefined && high === undefined ? "" : ` ${formatInterval({ low: low ?? y, high: high ?? y }, 3)}`;
      return `    ${shown(x)}: ${shown(y)}${interval}`;
    }),
  ];
}
