import sharp from "sharp";

import { table } from "../../src/cli/terminal/terminal";
import { axis, baseLayout } from "../../src/figures/plots/base-layout";
import { figure } from "../../src/figures/plots/figure";
import { NEUTRAL, OKABE_ITO } from "../../src/figures/plots/palette";
import { renderSvg } from "../../src/figures/plotly/render-svg";
import type { Figure, Trace } from "../../src/figures/types";
import { ratioOf, type Comparison, type Fact } from "./bench-line";

const HEAD = ["work", "against", "here", "there", "ratio", "of the rounds", "at least", "aim", ""];

/** A row for each comparison. */
function rows(comparisons: readonly Comparison[]): string[][] {
  return comparisons.map((comparison) => {
    const { ours, theirs, ratio, lowest, highest } = ratioOf(comparison);
    const { bar, unit } = comparison;
    const verdict =
      bar === undefined ? "" : ratio >= (bar.aim ?? Infinity) ? "aim held" : ratio >= bar.atLeast ? "held" : "NOT HELD";
    return [
      comparison.work,
      comparison.against,
      measure(ours, unit),
      measure(theirs, unit),
      ratio.toFixed(2),
      `${lowest.toFixed(2)} to ${highest.toFixed(2)}`,
      bar?.atLeast.toFixed(1) ?? "",
      bar?.aim?.toFixed(1) ?? "",
      verdict,
    ];
  });
}

function measure(value: number, unit: string): string {
  return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ${unit}`;
}

/** The table as lines for a terminal. */
export function tableLines(comparisons: readonly Comparison[]): string[] {
  return table([HEAD, ...rows(comparisons)], { left: 2 });
}

/** The machine, the table and the notes as Markdown. */
export function markdownReport(
  comparisons: readonly Comparison[],
  { facts, preface }: { facts: readonly Fact[]; preface: readonly string[] },
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const notes = comparisons.flatMap(({ work, against, note }) =>
    note === undefined ? [] : [`- ${work}, ${against}: ${note}.`],
  );
  const factLines = facts.map(
    ({ what, value, held }) => `- ${what}: ${value}${held === undefined ? "" : held ? ", held" : ", NOT HELD"}.`,
  );
  return [
    ...preface,
    "",
    line(HEAD),
    `|${HEAD.map(() => "---|").join("")}`,
    ...rows(comparisons).map(line),
    "",
    ...factLines,
    "",
    ...notes,
    "",
  ].join("\n");
}

/** Every ratio with the spread of its rounds, and the marks of its bar. */
export function ratioFigure(comparisons: readonly Comparison[]): Figure {
  const names = comparisons.map(({ work, against }) => `${work}<br>against ${against}`);
  const places = comparisons.map((_, i) => comparisons.length - 1 - i); // the first on top
  const ratios = comparisons.map(ratioOf);
  const short = (value: number): number => Number(value.toPrecision(4));
  const marks = (
    name: string,
    of: (comparison: Comparison) => number | undefined,
    symbol: string,
    colour: string,
  ): Trace => {
    const there = comparisons.flatMap((comparison, i) =>
      of(comparison) === undefined ? [] : [{ x: of(comparison), y: places[i] }],
    );
    return {
      type: "scatter",
      mode: "markers",
      name,
      x: there.map(({ x }) => x),
      y: there.map(({ y }) => y),
      marker: { symbol, color: colour, size: 12, line: { width: 2, color: colour } },
      hovertemplate: `${name}: %{x}<extra></extra>`,
    };
  };
  return figure({
    data: [
      marks("at least", ({ bar }) => bar?.atLeast, "line-ns-open", OKABE_ITO[3]),
      marks("aim", ({ bar }) => bar?.aim, "line-ns-open", OKABE_ITO[2]),
      {
        type: "scatter",
        mode: "markers",
        name: "measured, and the spread of the rounds",
        x: ratios.map(({ ratio }) => short(ratio)),
        y: places,
        error_x: {
          type: "data",
          symmetric: false,
          array: ratios.map(({ ratio, highest }) => short(highest - ratio)),
          arrayminus: ratios.map(({ ratio, lowest }) => short(ratio - lowest)),
          color: OKABE_ITO[0],
          thickness: 2,
          width: 4,
        },
        marker: { color: OKABE_ITO[0], size: 9 },
        hovertemplate: "%{x}<extra></extra>",
      },
    ],
    layout: {
      ...baseLayout({
        title: "How many times less it takes here",
        legend: true,
        height: 130 + 42 * comparisons.length,
      }),
      width: 1010,
      margin: { l: 460, r: 24, t: 80, b: 56 },
      xaxis: axis("their time or memory / ours", {
        type: "log",
        tickvals: [0.5, 0.7, 0.85, 1, 1.2, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 50],
      }),
      yaxis: { tickvals: places, ticktext: names, range: [-0.7, comparisons.length - 0.3], zeroline: false },
      shapes: [
        { type: "line", x0: 1, x1: 1, y0: 0, y1: 1, yref: "paper", line: { color: NEUTRAL, width: 1.5, dash: "dot" } },
      ],
    },
  });
}

/** A figure as the bytes of an SVG and of a PNG, twice as fine. */
export async function pictures(of: Figure): Promise<{ svg: string; png: Uint8Array }> {
  const svg = renderSvg(of);
  return {
    svg,
    png: await sharp(Buffer.from(svg), { density: 144 }).flatten({ background: "#ffffff" }).png().toBuffer(),
  };
}
