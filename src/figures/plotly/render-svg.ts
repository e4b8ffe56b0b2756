import { createHash } from "node:crypto";

import { TsloraError } from "../../base/tslora-error";
import { FIGURE_SIZE, FONT } from "../plots/base-layout";
import { xmlText } from "../escape";
import { bundleFor } from "./plotly-bundle";
import { plotlyInNode } from "./plotly-in-node";
import { PAPER, themeLayout } from "../plots/theme-layout";
import type { Figure } from "../types";

/**
 * Renders the static picture of a figure with plotly.js, for pages without scripts. The same figure gives the same
 * picture, byte for byte.
 *
 * @returns an SVG document, 10 to 30 KB for the figures of this project
 * @throws TsloraError `unsupported` for trace types beyond plotly's cartesian build, such as maps and 3D ones;
 *   `bad-input` for a figure that plotly cannot draw
 */
export function renderSvg(figure: Pick<Figure, "data" | "layout">): string {
  const types = [...new Set(figure.data.map((trace) => trace.type ?? "scatter"))].join(", ");
  if (bundleFor(figure.data) !== "cartesian")
    throw new TsloraError(
      "unsupported",
      `There is no static picture of a figure with these trace types: ${types}. Its interactive form is not affected.`,
    );
  const { plotly, document } = plotlyInNode();
  const { data, layout } = JSON.parse(JSON.stringify({ data: figure.data, layout: figure.layout })) as {
    data: unknown;
    layout: Record<string, unknown>;
  }; // plotly changes its arguments
  const holder = document.createElement("div");
  document.body.appendChild(holder);
  let svg: string | undefined;
  let failure: unknown;
  try {
    // Drawing is finished when the call returns, since nothing is fetched; an error may be thrown or reject the
    // promise.
    plotly
      .newPlot(holder, data, fixedMargins(themeLayout({ ...FIGURE_SIZE, ...layout }, PAPER)), { staticPlot: true })
      .catch(() => undefined);
    svg = plotly.Snapshot.toSVG(holder, "svg", 1);
  } catch (error) {
    failure = error;
  } finally {
    plotly.purge(holder);
    holder.remove();
  }
  if (svg === undefined || !svg.startsWith("<svg")) {
    throw new TsloraError(
      "bad-input",
      `plotly could not draw this figure (trace types: ${types}). Look at its data and layout: lists of equal length, known names.`,
      { cause: failure },
    );
  }
  return withOwnIds(slim(xmlText(svg)));
}

/** Automatic margins need sizes and positions on a screen; without a screen plotly would never finish. */
function fixedMargins(layout: Record<string, unknown>): Record<string, unknown> {
  const fixed = Object.entries(layout).map(
    ([name, value]) =>
      [name, /^[xy]axis\d*$/.test(name) ? { ...(value as object), automargin: false } : value] as const,
  );
  return Object.fromEntries(fixed);
}

/** Removes attributes for scripts and style sheets, default values, invisible digits, and empty groups. */
function slim(svg: string): string {
  let text = svg.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/ (class|data-[a-z-]+|pointer-events)="[^"]*"/g, "")
      .replace(/ style="([^"]*)"/, (_, style: string) => {
        const kept = style.split(/(?<!&quot);\s*/).filter((rule) => rule !== "" && !SPARE.test(rule));
        return kept.length === 0 ? "" : ` style="${kept.join(";")}"`;
      })
      .replace(/-?\d+\.\d{3,}/g, (number) => String(Number(Number(number).toFixed(2)))),
  );
  for (let before = ""; before !== text;) {
    before = text;
    text = text.replace(/<g[^<>]*\/>|<g[^<>]*><\/g>/g, "");
  }
  return text.replace("<svg ", `<svg style="max-width:100%;height:auto" font-family="${FONT}" `);
}

/** Style rules that repeat a default, or the font of the whole picture. */
const SPARE = new RegExp(
  `^(pointer-events|cursor|font-(style|weight|variant): normal|text-transform: none|(fill-|stroke-)?opacity: 1$|font-family: ${FONT}$)`,
);

/**
 * Replaces plotly's random ids, which would differ in every run and could collide with ids of other pictures on a page.
 */
function withOwnIds(svg: string): string {
  const ids = [...new Set(Array.from(svg.matchAll(/ id="([^"]+)"/g), (match) => match[1]))];
  // longest first: one may be the start of another
  const order = new Map(ids.sort((a, b) => b.length - a.length).map((id) => [id, svg.indexOf(` id="${id}"`)] as const));
  const numbered = [...order].sort((a, b) => a[1] - b[1]).map(([id]) => id);
  const rename = (prefix: string): string =>
    [...order.keys()].reduce(
      (text, id) =>
        text
          .replaceAll(`"${id}"`, `"${prefix}${numbered.indexOf(id)}"`)
          .replaceAll(`#${id})`, `#${prefix}${numbered.indexOf(id)})`)
          .replaceAll(`#${id}'`, `#${prefix}${numbered.indexOf(id)}'`),
      svg,
    );
  const hash = createHash("sha256").update(rename("i")).digest("hex").slice(0, 8);
  return rename(`t${hash}-`);
}
