import { Problems } from "../../base/problems";
import { axis, baseLayout } from "./base-layout";
import { drawnPoints, shortNumber } from "./curve-points";
import { escapeLabel } from "../escape";
import { formatNumber } from "../format";
import { guideLabel, horizontalLine, verticalLine } from "./guide-lines";
import { NEUTRAL, OKABE_ITO } from "./palette";
import type { Figure, Trace } from "../types";

const [BLUE, ORANGE, GREEN, VERMILION] = OKABE_ITO;

/** A metric over thresholds; `thresholdCurve` gives one. */
export interface ThresholdFigureCurve {
  readonly metric: string;
  /** The name of the metric. */
  readonly name: string;
  readonly thresholds: readonly number[];
  readonly values: readonly (number | null)[];
  readonly recall: readonly number[];
  readonly precision: readonly (number | null)[];
}

/** Options of {@link thresholdFigure}. */
export interface ThresholdFigureOptions {
  /** @default the metric's name, "over thresholds" */
  readonly title?: string;
  /** The chosen threshold from `tuneThreshold`, which is marked. */
  readonly chosen?: { readonly threshold: number; readonly value: number; readonly recall?: number };
}

/**
 * A metric over all thresholds with recall and precision, a mark at the chosen threshold, and a thin line at 0.5. If
 * the curve is flat near its maximum, the threshold hardly matters; if it is jagged, the exact threshold is due to
 * chance.
 *
 * @throws TsloraError `bad-input` for an empty curve or lists of different lengths
 */
export function thresholdFigure(curve: ThresholdFigureCurve, options: ThresholdFigureOptions = {}): Figure {
  const { thresholds, values, recall, precision } = curve;
  const { title = `${curve.name[0].toUpperCase()}${curve.name.slice(1)} over thresholds`, chosen } = options;
  checkCurve(curve);
  const drawn = drawnPoints(thresholds.length);
  const line = (name: string, ys: readonly (number | null)[], look: Readonly<Record<string, unknown>>): Trace => ({
    type: "scatter",
    mode: "lines",
    name: escapeLabel(name),
    x: drawn.map((at) => shortNumber(thresholds[at])),
    y: drawn.map((at) => shortNumber(ys[at])),
    line: { shape: "vh", ...look }, // a value applies down to the next lower threshold
    hovertemplate: "threshold %{x}: %{y}",
  });
  const isCost = curve.metric === "cost";
  const isPrecision = curve.metric === "precision_at_recall";
  const mark = chosen && `${formatNumber(chosen.threshold, 3)}: ${formatNumber(chosen.value, 3)}`;
  const side = chosen !== undefined && chosen.threshold > 0.5 ? "left" : "right";
  const wanted = isPrecision ? chosen?.recall : undefined;
  return {
    kind: "figure",
    data: [
      ...(isCost
        ? []
        : [
            line("recall", recall, { color: ORANGE, width: 1.5, dash: "dash" }),
            line("precision", precision, { color: GREEN, width: 1.5, dash: "dot" }),
          ]),
      line(curve.name, values, { color: BLUE, width: 3 }),
      ...(chosen ? [chosenPoint(chosen)] : []),
    ],
    layout: {
      ...baseLayout({ title, legend: true, height: 420 }),
      xaxis: axis("Threshold on the positive label's probability", { range: [-0.01, 1.01] }),
      yaxis: axis(
        isCost ? "Mean cost of a text" : "Share",
        isCost
          ? { rangemode: "tozero" }
          : { range: [values.reduce<number>((least, value) => Math.min(least, value ?? 0), 0) - 0.01, 1.02] },
      ),
      shapes: [
        verticalLine(0.5, { color: NEUTRAL, width: 1 }),
        ...(chosen ? [verticalLine(chosen.threshold, { color: VERMILION, width: 1.5, dash: "dot" })] : []),
        ...(wanted === undefined ? [] : [horizontalLine(wanted, { color: ORANGE, width: 1, dash: "dot" })]),
      ],
      annotations: chosen
        ? [guideLabel(`chosen ${mark ?? ""}`, { x: chosen.threshold, y: 0.02, side, gap: 6, yanchor: "bottom" })]
        : [],
    },
    text: [
      title,
      `  ${curve.name}: ${range(values)}`,
      ...(mark === undefined ? [] : [`  chosen threshold ${mark}`]),
    ].join("\n"),
  };
}

/** The mark of the chosen threshold. */
function chosenPoint({ threshold, value }: { threshold: number; value: number }): Trace {
  return {
    type: "scatter",
    mode: "markers",
    name: "chosen",
    x: [shortNumber(threshold)],
    y: [shortNumber(value)],
    showlegend: false,
    marker: { color: VERMILION, size: 12, symbol: "diamond" },
    hovertemplate: "chosen: %{x}, %{y}",
  };
}

/** Refuses an empty curve and lists of different lengths. */
function checkCurve({ thresholds, values, recall, precision }: ThresholdFigureCurve): void {
  const problems = new Problems("thresholdFigure");
  problems.expect(thresholds.length > 0, "thresholds must have at least one number; got none.");
  problems.expect(
    [values, recall, precision].every((list) => list.length === thresholds.length),
    `values, recall and precision must have a number for each of the ${thresholds.length} thresholds; ` +
      `got ${values.length}, ${recall.length} and ${precision.length}.`,
  );
  problems.throwIfAny("bad-input");
}

/** The least and the greatest known value. */
function range(values: readonly (number | null)[]): string {
  const known = values.filter((value): value is number => value !== null);
  if (known.length === 0) return "–";
  return `${formatNumber(
    known.reduce((a, b) => Math.min(a, b)),
    3,
  )} to ${formatNumber(
    known.reduce((a, b) => Math.max(a, b)),
    3,
  )}`;
}
