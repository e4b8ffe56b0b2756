import { Problems } from "../../base/problems";
import { axis, baseLayout } from "./base-layout";
import { formatNumber } from "../format";
import { checkCurves, curveTraces, type ChosenPoint } from "./share-curves";
import type { Figure } from "../types";

/** The result of `riskCoverageCurve`, with a name. */
export interface RiskCoverageFigureCurve {
  readonly name: string;
  /** Share of texts that are labelled, ascending. */
  readonly coverage: readonly number[];
  /** Share of wrong labels among them. */
  readonly risk: readonly number[];
  /** The area under the curve, for the legend. */
  readonly aurc?: number | null;
  /** The point of a threshold on the curve: x is its coverage, y its risk. */
  readonly chosen?: ChosenPoint;
}

/** Options of {@link riskCoverageFigure}. */
export interface RiskCoverageFigureOptions {
  /** @default "Errors among the texts that are labelled" */
  readonly title?: string;
}

/**
 * Risk-coverage curves: the share of wrong labels if only the most confident texts are labelled. A curve that falls
 * steeply to the left is of a classifier that knows when it errs.
 *
 * @throws TsloraError `bad-input` for no curve, lists of different lengths, or shares outside 0 to 1
 */
export function riskCoverageFigure(
  curves: readonly RiskCoverageFigureCurve[],
  options: RiskCoverageFigureOptions = {},
): Figure {
  const { title = "Errors among the texts that are labelled" } = options;
  const shown = curves.map(({ name, coverage, risk, aurc, chosen }) => ({
    name: typeof aurc === "number" ? `${name}, area ${formatNumber(aurc, 4)}` : name,
    x: coverage,
    y: risk,
    chosen,
  }));
  checkCurves("riskCoverageFigure", shown);
  const problems = new Problems("riskCoverageFigure");
  for (const { name, coverage } of curves)
    problems.expect(
      coverage.every((share, i) => i === 0 || share > coverage[i - 1]),
      `coverage of ${name} must be ascending`,
    );
  problems.throwIfAny("bad-input");
  const most = shown.reduce((max, { y }) => y.reduce((a, b) => Math.max(a, b), max), 0.01);
  return {
    kind: "figure",
    data: curveTraces(shown, { shape: "linear", hover: "%{x} of the texts labelled, %{y} of them wrong" }),
    layout: {
      ...baseLayout({ title, legend: shown.map(({ name }) => name), height: 420 }),
      xaxis: axis("Share of texts that are labelled (coverage)", { range: [-0.01, 1.01] }),
      yaxis: axis("Share of wrong labels among them (risk)", { range: [-0.02 * most, 1.08 * most] }),
    },
    text: [title, ...shown.flatMap((curve, i) => [`  ${curve.name}`, ...shareLines(curves[i])])].join("\n"),
  };
}

function shareLines({ coverage, risk }: RiskCoverageFigureCurve): string[] {
  return [0.5, 0.8, 1].flatMap((share) => {
    const at = coverage.findIndex((one) => one >= share - 1e-9);
    return at < 0 ? [] : [`    ${formatNumber(coverage[at], 2)} labelled: ${formatNumber(risk[at], 3)} wrong`];
  });
}
