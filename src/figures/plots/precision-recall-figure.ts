import { axis, baseLayout } from "./base-layout";
import { checkCurves, curveTraces, type ChosenPoint } from "./share-curves";
import { formatNumber, formatShare } from "../format";
import { NEUTRAL } from "./palette";
import type { Figure } from "../types";

/** Precision against recall as `precisionRecallCurve` gives it, with its name. */
export interface PrecisionRecallFigureCurve {
  readonly name: string;
  readonly precision: readonly number[];
  /** Falling. */
  readonly recall: readonly number[];
  /** As `averagePrecisionScore` gives it; shown in the legend. */
  readonly averagePrecision?: number | null;
  /** A threshold's place on the curve: x is its recall, y its precision. */
  readonly chosen?: ChosenPoint;
}

/** Options of {@link precisionRecallFigure}. */
export interface PrecisionRecallFigureOptions {
  /** @default "Precision and recall" */
  readonly title?: string;
  /** The share of positive texts: the precision of guessing, drawn as a dashed line. */
  readonly prevalence?: number;
}

/**
 * Precision against recall in one figure, in steps as average precision sums them: the curve to look at where the
 * positive label is rare.
 *
 * @throws TsloraError `bad-input` for no curve, lists of different lengths, or shares outside 0 to 1
 */
export function precisionRecallFigure(
  curves: readonly PrecisionRecallFigureCurve[],
  options: PrecisionRecallFigureOptions = {},
): Figure {
  const { title = "Precision and recall", prevalence } = options;
  const shown = curves.map(({ name, precision, recall, averagePrecision, chosen }) => ({
    name:
      typeof averagePrecision === "number" ? `${name}, average precision ${formatNumber(averagePrecision, 3)}` : name,
    x: recall,
    y: precision,
    chosen,
  }));
  checkCurves("precisionRecallFigure", shown, { prevalence });
  return {
    kind: "figure",
    data: curveTraces(shown, { shape: "hv", hover: "recall %{x}, precision %{y}" }),
    layout: {
      ...baseLayout({ title, legend: true, height: 460 }),
      xaxis: axis("Recall", { range: [-0.01, 1.01] }),
      yaxis: axis("Precision", { range: [-0.01, 1.02] }),
      ...(prevalence === undefined
        ? {}
        : {
            shapes: [
              {
                type: "line",
                x0: 0,
                x1: 1,
                y0: prevalence,
                y1: prevalence,
                layer: "below",
                line: { color: NEUTRAL, width: 1.5, dash: "dash" },
              },
            ],
            annotations: [
              {
                x: 0.01,
                y: prevalence,
                text: `guessing, ${formatShare(prevalence)} are positive`,
                showarrow: false,
                xanchor: "left",
                yanchor: prevalence > 0.85 ? "top" : "bottom",
              },
            ],
          }),
    },
    text: [
      title,
      ...shown.map(
        ({ name, chosen }) =>
          `  ${name}${chosen === undefined ? "" : `; ${chosen.label}: recall ${formatNumber(chosen.x, 3)}, precision ${formatNumber(chosen.y, 3)}`}`,
      ),
      ...(prevalence === undefined ? [] : [`  guessing: precision ${formatNumber(prevalence, 3)}`]),
    ].join("\n"),
  };
}
