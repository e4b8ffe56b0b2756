import { createHash } from "node:crypto";

import { FIGURE_SIZE } from "../plots/base-layout";
import { carryScript, drawScript } from "./page-script";
import { bundleFor, bundleName, packedBundle } from "./plotly-bundle";
import type { Figure } from "../types";

/** Options of {@link interactiveHtml}. */
export interface InteractiveHtmlOptions {
  /** Whether the HTML contains plotly.js; otherwise another figure of the page must contain it. */
  readonly carries: boolean;
}

/**
 * A figure as HTML that draws itself in the page's colours, without network. If scripts do not run, it takes no space
 * and the static picture after it is visible.
 */
export function interactiveHtml(figure: Pick<Figure, "data" | "layout">, { carries }: InteractiveHtmlOptions): string {
  const bundle = bundleFor(figure.data);
  const name = bundleName(bundle);
  const plain = { data: figure.data, layout: figure.layout };
  const id = `tslora-${createHash("sha256").update(JSON.stringify(plain)).digest("hex").slice(0, 12)}`;
  const width = typeof figure.layout.width === "number" ? figure.layout.width : FIGURE_SIZE.width;
  return [
    ...(carries ? [`<script>${carryScript(name, packedBundle(bundle))}</script>`] : []),
    `<div class="tslora-figure" id="${id}" style="max-width:${Math.ceil(width)}px">`,
    `<div class="tslora-plot"></div>`,
    `<script>${drawScript(id, name, { data: figure.data, layout: withoutWidth(figure.layout) })}</script>`,
    `</div>`,
  ].join("\n");
}

/** The page determines the width, up to the figure's own width. */
function withoutWidth(layout: Figure["layout"]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(layout).filter(([key]) => key !== "width"));
}
