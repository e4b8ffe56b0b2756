import { Problems } from "../../base/problems";
import { axis, baseLayout } from "./base-layout";
import { escapeLabel } from "../escape";
import { formatInterval, formatNumber, type IntervalLike } from "../format";
import { guideLabel, verticalLine } from "./guide-lines";
import { holds } from "./holds";
import { measureText } from "../plotly/measure-text";
import { colourOf, NEUTRAL } from "./palette";
import type { Figure } from "../types";

/** One model in a {@link comparisonFigure}. */
export interface ComparisonFigureRow {
  readonly name: string;
  /** Between 0 and 1. */
  readonly value: number;
  /** The 95% interval of the value. */
  readonly interval?: IntervalLike | null;
}

/** Options of {@link comparisonFigure}. */
export interface ComparisonFigureOptions {
  /** @default "Accuracy on the test set" */
  readonly title?: string;
  /** @default "Accuracy, with its 95% interval" */
  readonly xLabel?: string;
  /** Accuracy of guessing; drawn as a dashed line. */
  readonly chance?: number;
}

/**
 * One row per model, with a value and its interval. If the intervals of two models overlap widely, the models do not
 * differ clearly.
 *
 * @throws TsloraError `bad-input` for no row, a value outside 0 to 1, or an interval without its value
 */
export function comparisonFigure(rows: readonly ComparisonFigureRow[], options: ComparisonFigureOptions = {}): Figure {
  const { title = "Accuracy on the test set", xLabel = "Accuracy, with its 95% interval", chance } = options;
  checkRows(rows);
  const described = rows.map(
    ({ value, interval }) => `${formatNumber(value, 3)}${interval ? ` ${formatInterval(interval, 3)}` : ""}`,
  );
  const base = baseLayout({ title, height: 120 + 54 * rows.length });
  return {
    kind: "figure",
    data: rows.map(({ name, value, interval }, i) => ({
      type: "scatter",
      mode: "markers",
      name: escapeLabel(name),
      x: [value],
      y: [i],
      error_x: {
        type: "data",
        array: [interval ? Math.max(0, interval.high - value) : 0],
        arrayminus: [interval ? Math.max(0, value - interval.low) : 0],
        thickness: 2,
        width: 6,
      },
      marker: { color: colourOf(i), size: 11 },
      hovertemplate: `${escapeLabel(described[i])}<extra>${escapeLabel(name)}</extra>`,
    })),
    layout: {
      ...base,
      margin: { ...(base.margin as object), l: Math.max(...rows.map((row) => measureText(row.name, 13))) + 24, r: 150 },
      // With long names on a narrow page, 100 pixels remain: six labels fit horizontally, eleven would be rotated.
      xaxis: axis(xLabel, { range: [-0.02, 1.02], tickformat: ".1f", dtick: 0.2, tickangle: 0 }),
      yaxis: {
        tickvals: rows.map((_, i) => i),
        ticktext: rows.map((row) => escapeLabel(row.name)),
        range: [rows.length - 0.5, -0.5],
        showgrid: false,
        zeroline: false,
      },
      shapes: chance === undefined ? [] : [verticalLine(chance, { color: NEUTRAL, width: 1.5, dash: "dash" })],
      annotations: [
        ...described.map(valueLabel),
        ...(chance === undefined ? [] : [guideLabel("guessing", { x: chance, side: "right", gap: 4 })]),
      ],
    },
    text: [
      title,
      ...rows.map((row, i) => `  ${row.name}: ${described[i]}`),
      ...(chance === undefined ? [] : [`  guessing: ${formatNumber(chance, 3)}`]),
    ].join("\n"),
  };
}

/** A row's value, right of the plot. */
function valueLabel(text: string, row: number): Record<string, unknown> {
  return { x: 1, xref: "paper", y: row, text, showarrow: false, xanchor: "left", xshift: 8 };
}

/** Refuses rows that cannot be drawn. */
function checkRows(rows: readonly ComparisonFigureRow[]): void {
  const problems = new Problems("comparisonFigure");
  problems.expect(rows.length > 0, "rows must have at least one row; got none.");
  for (const { name, value, interval } of rows) {
    problems.expect(value >= 0 && value <= 1, `the value of ${name} must be from 0 to 1; got ${value}.`);
    problems.expect(
      !interval || holds(interval, value),
      `the interval of ${name} must hold ${value}; got ${JSON.stringify(interval)}.`,
    );
  }
  problems.throwIfAny("bad-input");
}
