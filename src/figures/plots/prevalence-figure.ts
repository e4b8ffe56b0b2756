import { Problems } from "../../base/problems";
import { axis, baseLayout } from "./base-layout";
import { shortNumber } from "./curve-points";
import { formatNumber } from "../format";
import { guideLabel, verticalLine } from "./guide-lines";
import { NEUTRAL, OKABE_ITO, seeThrough } from "./palette";
import type { Figure, Trace } from "../types";

const [BLUE] = OKABE_ITO;

/** Precision at shares of positive texts; `precisionAtPrevalence` gives it. */
export interface PrevalenceFigureCurve {
  /** The share of positive texts in the test set, which is marked. */
  readonly testPrevalence?: number;
  readonly points: readonly {
    readonly prevalence: number;
    readonly precision: number | null;
    readonly precisionInterval: { readonly low: number; readonly high: number } | null;
  }[];
}

/** Options of {@link prevalenceFigure}. */
export interface PrevalenceFigureOptions {
  /** @default "Precision where fewer texts are positive" */
  readonly title?: string;
}

/**
 * Precision over the share of positive texts, on a logarithmic axis, with its interval and the test set's own share.
 *
 * @throws TsloraError `bad-input` for fewer than two points above 0, or shares outside 0 to 1
 */
export function prevalenceFigure(curve: PrevalenceFigureCurve, options: PrevalenceFigureOptions = {}): Figure {
  const { title = "Precision where fewer texts are positive" } = options;
  const points = curve.points
    .filter(({ prevalence, precision }) => prevalence > 0 && precision !== null)
    .sort((a, b) => a.prevalence - b.prevalence);
  checkPoints(points);
  const x = points.map(({ prevalence }) => shortNumber(prevalence));
  const edge = (name: string, which: "low" | "high", fill: object): Trace => ({
    type: "scatter",
    mode: "lines",
    name,
    x,
    y: points.map(({ precisionInterval }) => shortNumber(precisionInterval?.[which] ?? null)),
    line: { color: BLUE, width: 0 },
    hoverinfo: "skip",
    ...fill,
  });
  return {
    kind: "figure",
    data: [
      edge("low", "low", { showlegend: false }),
      edge("interval", "high", { fill: "tonexty", fillcolor: seeThrough(BLUE, 0.3) }),
      {
        type: "scatter",
        mode: "lines+markers",
        name: "precision",
        x,
        y: points.map(({ precision }) => shortNumber(precision)),
        line: { color: BLUE, width: 2.5 },
        marker: { color: BLUE, size: 6 },
        hovertemplate: "%{x} positive: precision %{y}",
      },
    ],
    layout: prevalenceLayout(points, { title, testPrevalence: curve.testPrevalence }),
    text: [title, ...points.map(pointLine)].join("\n"),
  };
}

type Points = PrevalenceFigureCurve["points"];

/** Refuses too few points, and shares outside 0 to 1. */
function checkPoints(points: Points): void {
  const problems = new Problems("prevalenceFigure");
  problems.expect(points.length >= 2, `points must hold two prevalences above 0 or more; got ${points.length}`);
  for (const { prevalence, precision } of points)
    problems.expect(
      prevalence <= 1 && Number(precision) >= 0 && Number(precision) <= 1,
      `prevalence and precision must be from 0 to 1; got ${prevalence} and ${precision}`,
    );
  problems.throwIfAny("bad-input");
}

function prevalenceLayout(
  points: Points,
  { title, testPrevalence }: { title: string; testPrevalence: number | undefined },
): Record<string, unknown> {
  const ticks = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1].filter(
    (tick) => tick >= points[0].prevalence && tick <= points[points.length - 1].prevalence,
  );
  const marked = testPrevalence !== undefined && testPrevalence > 0 ? testPrevalence : undefined;
  return {
    ...baseLayout({ title, legend: true, height: 420 }),
    xaxis: axis("Share of positive texts where the classifier is used", {
      type: "log",
      tickmode: "array",
      tickvals: ticks,
      ticktext: ticks.map((tick) => `${Number((100 * tick).toPrecision(3))}%`),
    }),
    yaxis: axis("Precision", { range: [-0.02, 1.03] }),
    shapes: marked === undefined ? [] : [verticalLine(marked, { color: NEUTRAL, width: 1.5, dash: "dot" })],
    annotations:
      marked === undefined
        ? []
        : [
            {
              ...guideLabel(`test set, ${formatNumber(100 * marked, 1)}%`, {
                x: Math.log10(marked), // annotations of a logarithmic axis take the exponent
                y: 0.02,
                side: "left",
                gap: 6,
                yanchor: "bottom",
              }),
            },
          ],
  };
}

function pointLine({ prevalence, precision, precisionInterval }: PrevalenceFigureCurve["points"][number]): string {
  const range =
    precisionInterval === null
      ? ""
      : ` (${formatNumber(precisionInterval.low, 3)} to ${formatNumber(precisionInterval.high, 3)})`;
  return `  ${Number((100 * prevalence).toPrecision(3))}% positive: precision ${formatNumber(precision ?? NaN, 3)}${range}`;
}
