import { axis, baseLayout } from "./base-layout";
import { diagonal } from "./guide-lines";
import { DASHES, shortNumber } from "./curve-points";
import { escapeLabel } from "../escape";
import { formatNumber } from "../format";
import { colourOf, NEUTRAL } from "./palette";
import { checkCurves } from "./share-curves";
import type { Figure, Trace } from "../types";

/** The result of `calibrationCurve`, with a name. */
export interface ReliabilityFigureCurve {
  readonly name: string;
  /** The mean probability in each bin. */
  readonly probPred: readonly number[];
  /** The share of positive texts in each bin. */
  readonly probTrue: readonly number[];
  /** Number of texts in each bin, for the size of its mark. */
  readonly counts?: readonly number[];
  /** The expected calibration error, for the legend. */
  readonly error?: number | null;
}

/** Options of {@link reliabilityFigure}. */
export interface ReliabilityFigureOptions {
  /** @default "Reliability of the probabilities" */
  readonly title?: string;
}

/**
 * Reliability diagram: in each bin, the share of positive texts against the mean probability, with larger marks for
 * more texts. On the diagonal probabilities are calibrated; below it they are too high.
 *
 * @throws TsloraError `bad-input` for no curve, lists of different lengths, or shares outside 0 to 1
 */
export function reliabilityFigure(
  curves: readonly ReliabilityFigureCurve[],
  options: ReliabilityFigureOptions = {},
): Figure {
  const { title = "Reliability of the probabilities" } = options;
  const named = curves.map(({ name, error }) =>
    typeof error === "number" ? `${name}, error ${formatNumber(error, 3)}` : name,
  );
  checkCurves(
    "reliabilityFigure",
    curves.map(({ name, probPred, probTrue }) => ({ name, x: probPred, y: probTrue })),
  );
  return {
    kind: "figure",
    data: curves.map((curve, i) => curveTrace(curve, { name: named[i], index: i })),
    layout: {
      ...baseLayout({ title, legend: named, height: 460 }),
      xaxis: axis("Mean probability in the bin", { range: [-0.01, 1.01] }),
      yaxis: axis("Share of positive texts", { range: [-0.02, 1.03] }),
      shapes: [diagonal({ color: NEUTRAL, width: 1.5, dash: "dash" })],
      annotations: [
        { x: 0.16, y: 0.14, text: "calibrated", showarrow: false, xanchor: "left", yanchor: "top" },
        { x: 0.98, y: 0.03, text: "probabilities too high", showarrow: false, xanchor: "right", yanchor: "bottom" },
        { x: 0.02, y: 0.98, text: "too low", showarrow: false, xanchor: "left", yanchor: "top" },
      ],
    },
    text: [title, ...curves.flatMap((curve, i) => [`  ${named[i]}`, ...binLines(curve)])].join("\n"),
  };
}

function curveTrace(
  { probPred, probTrue, counts }: ReliabilityFigureCurve,
  { name, index }: { name: string; index: number },
): Trace {
  const most = Math.max(1, ...(counts ?? []));
  return {
    type: "scatter",
    mode: "lines+markers",
    name: escapeLabel(name),
    x: probPred.map(shortNumber),
    y: probTrue.map(shortNumber),
    line: { color: colourOf(index), width: 2, dash: DASHES[index % DASHES.length] },
    marker: {
      color: colourOf(index),
      size: probPred.map((_, bin) => shortNumber(counts === undefined ? 8 : 6 + 10 * Math.sqrt(counts[bin] / most))),
    },
    ...(counts === undefined ? {} : { customdata: counts }),
    hovertemplate: `mean probability %{x}, positive %{y}${counts === undefined ? "" : ", %{customdata} texts"}`,
  };
}

function binLines({ probPred, probTrue, counts }: ReliabilityFigureCurve): string[] {
  return probPred.map(
    (p, bin) =>
      `    ${formatNumber(p, 2)}: ${formatNumber(probTrue[bin], 2)} positive${counts === undefined ? "" : ` of ${counts[bin]}`}`,
  );
}
