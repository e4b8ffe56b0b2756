import { Problems } from "../../base/problems";
import { axis, baseLayout, FIGURE_SIZE } from "./base-layout";
import { escapeLabel } from "../escape";
import { formatNumber, formatShare } from "../format";
import { measureText } from "../plotly/measure-text";
import { OKABE_ITO, seeThrough } from "./palette";
import { layTextTable } from "../tables/table-text";
import type { Figure } from "../types";

const [FULL] = OKABE_ITO;

/**
 * Opacities for the shares 0 and 1. The page, light or dark, is visible through the cells, so that the page's text
 * colour is readable on them.
 */
const [LEAST, MOST] = [0.06, 0.55];
const LABEL_WIDTH = 200; // the longest name of a label, in pixels

/** Options of {@link confusionMatrixFigure}. */
export interface ConfusionMatrixFigureOptions {
  /** The labels' names, in the order of rows and columns. */
  readonly labels: readonly string[];
  /** @default "Confusion matrix" */
  readonly title?: string;
}

/**
 * A confusion matrix with the count and its share of the row in each cell. Rows are true labels and columns predicted
 * ones, as in scikit-learn. The colour shows the share, so rare labels are as visible as frequent ones.
 *
 * @param matrix - `matrix[i][j]`: how many examples of label `i` were predicted as label `j`
 * @throws TsloraError `bad-input` if the matrix is not square, has no counts, or does not match the number of labels
 */
export function confusionMatrixFigure(
  matrix: readonly (readonly number[])[],
  options: ConfusionMatrixFigureOptions,
): Figure {
  const { labels, title = "Confusion matrix" } = options;
  checkMatrix(matrix, labels);
  const shares = matrix.map(sharesOfRow);
  const shown = labels.map((label) => shorten(label));
  const names = shown.map(escapeLabel);
  const positions = labels.map((_, i) => i); // numbers, since labels may be equal or look like numbers
  const cell = Math.max(44, Math.min(120, 480 / labels.length));
  const left = Math.max(...shown.map((label) => measureText(label, 13))) + 64;
  const column = Math.max(cell * 1.5, ...shown.map((label) => measureText(label, 13) + 16));
  const base = baseLayout({ title, height: 130 + cell * labels.length });
  const ticks = { tickvals: positions, ticktext: names, showgrid: false, fixedrange: true };

  return {
    kind: "figure",
    data: [
      {
        type: "heatmap",
        z: shares,
        customdata: matrix,
        x: positions,
        y: positions,
        zmin: 0,
        zmax: 1,
        colorscale: [
          [0, seeThrough(FULL, LEAST)],
          [1, seeThrough(FULL, MOST)],
        ],
        showscale: false,
        xgap: 3,
        ygap: 3,
        hovertemplate: "true %{y}, predicted %{x}: %{customdata} (%{z:.1%})<extra></extra>",
      },
    ],
    layout: {
      ...base,
      width: Math.min(FIGURE_SIZE.width, Math.max(420, left + 40 + column * labels.length)),
      margin: { ...(base.margin as object), l: left },
      xaxis: axis("Predicted label", { ...ticks, automargin: true }),
      yaxis: axis("True label", { ...ticks, autorange: "reversed" }),
      annotations: matrix.flatMap((row, i) =>
        row.map((count, j) => ({
          x: j,
          y: i,
          text: `<b>${formatNumber(count)}</b><br>${formatShare(shares[i][j])}`,
          showarrow: false,
          font: { size: cell < 60 ? 11 : 14 }, // in the page's colour
        })),
      ),
    },
    text: matrixText(matrix, { labels, title, shares }),
  };
}

/** The matrix as a text table. */
function matrixText(
  matrix: readonly (readonly number[])[],
  options: { labels: readonly string[]; title: string; shares: readonly (readonly number[])[] },
): string {
  const { labels, title, shares } = options;
  const rows = matrix.map((row, i) => [
    labels[i],
    ...row.map((count, j) => `${formatNumber(count)} (${formatShare(shares[i][j])})`),
  ]);
  const sides = ["left" as const, ...labels.map(() => "right" as const)];
  return `${title} (rows: true label, columns: predicted label)\n${layTextTable(["", ...labels], rows, sides)}`;
}

/** Each count's share of its row; zeros for a row without examples. */
function sharesOfRow(row: readonly number[]): number[] {
  const total = row.reduce((sum, count) => sum + count, 0);
  return row.map((count) => (total === 0 ? 0 : count / total));
}

/** Refuses a matrix that is not square, has no counts, or does not match the number of labels. */
function checkMatrix(matrix: readonly (readonly number[])[], labels: readonly string[]): void {
  const problems = new Problems("confusionMatrixFigure");
  problems.expect(labels.length > 0, "labels must have at least one label; got none.");
  problems.expect(
    matrix.length === labels.length && matrix.every((row) => row.length === labels.length),
    `matrix must have ${labels.length} rows and columns, one for each label; ` +
      `got ${matrix.map((row) => row.length).join(", ") || "none"}.`,
  );
  problems.expect(
    matrix.flat().every((count) => Number.isInteger(count) && count >= 0),
    `matrix must have counts; got ${JSON.stringify(matrix)}.`,
  );
  problems.throwIfAny("bad-input");
}

/** A label's name, cut if it would leave no space for the cells. */
function shorten(label: string): string {
  if (measureText(label, 13) <= LABEL_WIDTH) return label;
  const characters = [...label];
  while (measureText(`${characters.join("")}…`, 13) > LABEL_WIDTH) characters.pop();
  return `${characters.join("").trimEnd()}…`;
}
