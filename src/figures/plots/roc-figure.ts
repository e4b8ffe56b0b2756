import { axis, baseLayout } from "./base-layout";
import { diagonal } from "./guide-lines";
import { checkCurves, curveTraces, type ChosenPoint } from "./share-curves";
import { formatNumber } from "../format";
import { NEUTRAL } from "./palette";
import type { Figure } from "../types";

/** The result of `rocCurve`, with a name. */
export interface RocFigureCurve {
  readonly name: string;
  /** False positive rates, ascending. */
  readonly fpr: readonly number[];
  /** True positive rates, ascending. */
  readonly tpr: readonly number[];
  /** The area under the curve from `rocAucScore`, for the legend. */
  readonly area?: number | null;
  /** The point of a threshold on the curve: x is its false, y its true positive rate. */
  readonly chosen?: ChosenPoint;
}

/** Options of {@link rocFigure}. */
export interface RocFigureOptions {
  /** @default "ROC curve" */
  readonly title?: string;
}

/**
 * ROC curves in one figure: the true positive rate against the false positive rate at every threshold. The diagonal is
 * guessing.
 *
 * @throws TsloraError `bad-input` for no curve, lists of different lengths, or shares outside 0 to 1
 */
export function rocFigure(curves: readonly RocFigureCurve[], options: RocFigureOptions = {}): Figure {
  const { title = "ROC curve" } = options;
  const shown = curves.map(({ name, fpr, tpr, area, chosen }) => ({
    name: typeof area === "number" ? `${name}, area ${formatNumber(area, 3)}` : name,
    x: fpr,
    y: tpr,
    chosen,
  }));
  checkCurves("rocFigure", shown);
  return {
    kind: "figure",
    data: curveTraces(shown, { shape: "linear", hover: "false positive rate %{x}, true positive rate %{y}" }),
    layout: {
      ...baseLayout({ title, legend: shown.map(({ name }) => name), height: 460 }),
      xaxis: axis("False positive rate", { range: [-0.01, 1.01] }),
      yaxis: axis("True positive rate (recall)", { range: [-0.01, 1.02] }),
      shapes: [diagonal({ color: NEUTRAL, width: 1.5, dash: "dash" })],
      annotations: [{ x: 0.7, y: 0.68, text: "guessing", showarrow: false, xanchor: "left", yanchor: "top" }],
    },
    text: [
      title,
      ...shown.map(
        ({ name, chosen }) =>
          `  ${name}${chosen === undefined ? "" : `; ${chosen.label}: false positive rate ${formatNumber(chosen.x, 3)}, true positive rate ${formatNumber(chosen.y, 3)}`}`,
      ),
    ].join("\n"),
  };
}
