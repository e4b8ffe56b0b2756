import { escapeLabel } from "../escape";
import { measureText } from "../plotly/measure-text";
import { OKABE_ITO } from "./palette";

/** The fonts of figures; every system has one of them. Unquoted, since quotes would break in plotly's pictures. */
export const FONT = "Helvetica, Arial, Liberation Sans, DejaVu Sans, sans-serif";

/** The size of figures in pixels; on a narrower page the interactive figure is narrower. */
export const FIGURE_SIZE = { width: 700, height: 400 } as const;

/** Options of {@link baseLayout}. */
export interface BaseLayoutOptions {
  readonly title: string;
  /** Pixels. @default 400 */
  readonly height?: number;
  /**
   * Whether the figure has a legend below the title; or the names of its entries, which may need several rows.
   * @default false
   */
  readonly legend?: boolean | readonly string[];
}

/** The layout of all figures: title at the left, legend in a row below it, colours for colour-blind readers. */
export function baseLayout({
  title,
  height = FIGURE_SIZE.height,
  legend = false,
}: BaseLayoutOptions): Record<string, unknown> {
  const lines = wrapTitle(title);
  const rows = typeof legend === "boolean" ? Number(legend) : legendRows(legend);
  const top = 30 + 21 * lines.length + (rows === 0 ? 0 : 9 + LEGEND_ROW * rows);
  return {
    title: {
      text: lines.map(escapeLabel).join("<br>"),
      x: 0,
      xref: "container",
      xanchor: "left",
      pad: { l: 16, t: 14 },
      y: 1,
      yref: "container",
      yanchor: "top",
      font: { size: 16 },
    },
    height,
    margin: { l: 68, r: 24, t: top, b: 56 },
    font: { family: FONT, size: 13 },
    colorway: [...OKABE_ITO],
    showlegend: rows > 0,
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1, yref: "paper", yanchor: "bottom" },
    hoverlabel: { align: "left" },
  };
}

const LEGEND_ROW = 19; // pixels
const LEGEND_MARK = 50; // pixels of an entry's line, and the gap behind its name

/** The rows of a legend below the title: all entries are as wide as the widest. */
function legendRows(names: readonly string[]): number {
  const widest = Math.max(0, ...names.map((name) => measureText(name, 13))) + LEGEND_MARK;
  const inRow = Math.max(1, Math.floor((FIGURE_SIZE.width - 92) / widest)); // without the margins
  return Math.ceil(names.length / inRow);
}

/** An axis with a name and without unneeded lines. */
export function axis(name: string, more: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { title: { text: escapeLabel(name), standoff: 10 }, zeroline: false, ...more };
}

function wrapTitle(title: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of title.split(/\s+/)) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && measureText(longer, 16) > FIGURE_SIZE.width - 60) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line];
}
