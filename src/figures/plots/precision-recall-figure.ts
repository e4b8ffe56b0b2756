import { axis, baseLayout } from "./base-layout";
import { checkCurves, curveTraces, type ChosenPoint } from "./share-curves";
import { formatNumber, formatShare } from "../format";
import { horizontalLine } from "./guide-lines";
import { NEUTRAL } from "./palette";
import type { Figure } from "../types";

/** The result of `precisionRecallCurve`, with a name. */
export interface PrecisionRecallFigureCurve {
  readonly name: string;
  readonly precision: readonly number[];
  /** Descending. */
  readonly recall: readonly number[];
  /** The result of `averagePrecisionScore`, for the legend. */
  readonly averagePrecision?: number | null;
  /** The point of a threshold on the curve: x is its recall, y its precision. */
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
 * Precision-recall curves in one figure, in steps as average precision sums them. Use it if the positive label is rare.
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
      ...baseLayout({ title, legend: shown.map(({ name }) => name), height: 460 }),
      xaxis: axis("Recall", { range: [-0.01, 1.01] }),
      yaxis: axis("Precision", { range: [-0.01, 1.02] }),
      ...(prevalence === undefined
        ? {}
        : {
            shapes: [horizontalLine(prevalence, { color: NEUTRAL, width: 1.5, dash: "dash" })],
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
