import { Problems } from "../../base/problems";
import { escapeLabel } from "../escape";
import { formatInterval, formatNumber } from "../format";
import type { Figure, Trace } from "../types";
import { axis, baseLayout } from "./base-layout";
import { DASHES, shortNumber } from "./curve-points";
import { holds } from "./holds";
import { colourOf } from "./palette";

/** A curve of `learningCurves` or `rankCurves`: means over seeds, with the least and the greatest of a seed. */
export interface LearningCurveLike {
  readonly name: string;
  readonly points: readonly {
    /** The number of training texts, or the rank. */
    readonly x: number;
    readonly accuracy: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** Options of {@link learningCurveFigure}. */
export interface LearningCurveFigureOptions {
  /** @default "Accuracy by the number of training texts" */
  readonly title?: string;
  /** The setting of the axis. @default "Training texts" */
  readonly xLabel?: string;
}

/**
 * Learning curves: the mean accuracy over seeds against the number of training texts, or another setting, on a
 * logarithmic axis, with a band from the least to the greatest accuracy.
 *
 * @throws TsloraError `bad-input` for no curve, a curve without points, accuracies outside 0 to 1, or an x of 0 or less
 */
export function learningCurveFigure(
  curves: readonly LearningCurveLike[],
  options: LearningCurveFigureOptions = {},
): Figure {
  const { title = "Accuracy by the number of training texts", xLabel = "Training texts" } = options;
  checkPoints(curves);
  const ticks = [...new Set(curves.flatMap(({ points }) => points.map(({ x }) => x)))].sort((a, b) => a - b);
  const lowest = Math.min(...curves.flatMap(({ points }) => points.map(({ low }) => low)));
  return {
    kind: "figure",
    data: curves.flatMap((curve, i) => [band(curve, i), line(curve, i, xLabel)]),
    layout: {
      ...baseLayout({ title, legend: curves.map(({ name }) => name), height: 440 }),
      xaxis: axis(xLabel, { type: "log", tickvals: ticks, ticktext: ticks.map(String) }),
      yaxis: axis("Accuracy on the test set", { range: [Math.max(0, lowest - 0.03), 1.01] }),
    },
    text: [
      title,
      ...curves.flatMap(({ name, points }) => [
        `  ${name}`,
        ...points.map(
          (point) => `    ${formatNumber(point.x)}: ${formatNumber(point.accuracy, 3)} ${formatInterval(point, 3)}`,
        ),
      ]),
    ].join("\n"),
  };
}

function line({ name, points }: LearningCurveLike, i: number, xLabel: string): Trace {
  return {
    type: "scatter",
    mode: "lines+markers",
    name: escapeLabel(name),
    x: points.map(({ x }) => x),
    y: points.map(({ accuracy }) => shortNumber(accuracy)),
    line: { color: colourOf(i), width: 2, dash: DASHES[i % DASHES.length] },
    hovertemplate: `${escapeLabel(xLabel)} %{x}: %{y}`,
  };
}

function band({ points }: LearningCurveLike, i: number): Trace {
  const back = [...points].reverse();
  return {
    type: "scatter",
    mode: "lines",
    x: [...points, ...back].map(({ x }) => x),
    y: [...points.map(({ high }) => high), ...back.map(({ low }) => low)].map(shortNumber),
    fill: "toself",
    fillcolor: `${colourOf(i)}26`,
    line: { width: 0 },
    hoverinfo: "skip",
    showlegend: false,
  };
}

function checkPoints(curves: readonly LearningCurveLike[]): void {
  const problems = new Problems("learningCurveFigure");
  problems.expect(curves.length > 0, "curves must have at least one curve; got none.");
  for (const { name, points } of curves) {
    problems.expect(points.length > 0, `${name} must have at least one point; got none.`);
    const bad = points.find(
      (point) => !(point.x > 0 && point.low >= 0 && holds(point, point.accuracy) && point.high <= 1),
    );
    problems.expect(
      bad === undefined,
      `points of ${name} must have x > 0 and 0 ≤ low ≤ accuracy ≤ high ≤ 1; got ${JSON.stringify(bad)}.`,
    );
  }
  problems.throwIfAny("bad-input");
}
