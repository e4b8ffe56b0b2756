import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

import type { Trace } from "../types";

/** The two builds of plotly.js: the small one, and the one with all trace types. */
export type PlotlyBundle = "cartesian" | "full";

const FILES: Readonly<Record<PlotlyBundle, string>> = {
  cartesian: "plotly.js-cartesian-dist-min/plotly-cartesian.min.js",
  full: "plotly.js-dist/plotly.js",
};

/** The trace types of `plotly.js-cartesian-dist-min`, as its readme lists them. */
const CARTESIAN = new Set([
  "bar",
  "box",
  "contour",
  "heatmap",
  "histogram",
  "histogram2d",
  "histogram2dcontour",
  "image",
  "pie",
  "scatter",
  "scatterternary",
  "violin",
]);

const sources = new Map<PlotlyBundle, string>();
const packed = new Map<PlotlyBundle, string>();

/** The smallest build that draws all traces. */
export function bundleFor(data: readonly Trace[]): PlotlyBundle {
  return data.every((trace) => CARTESIAN.has(trace.type ?? "scatter")) ? "cartesian" : "full";
}

/** A build's name in a page, with plotly.js's version, since a page may show notebooks with several versions. */
export function bundleName(bundle: PlotlyBundle): string {
  const version = /\* plotly\.js[^\n]* v([\d.]+)/.exec(bundleSource(bundle))?.[1] ?? "unknown";
  return `${bundle}-${version}`;
}

/** A build's source text. */
export function bundleSource(bundle: PlotlyBundle): string {
  let source = sources.get(bundle);
  if (source === undefined) {
    source = readFileSync(require.resolve(FILES[bundle]), "utf8");
    sources.set(bundle, source);
  }
  return source;
}

/** A build's source text, gzip-compressed, in base64: 0.63 MB (cartesian) or 1.95 MB (full). */
export function packedBundle(bundle: PlotlyBundle): string {
  let text = packed.get(bundle);
  if (text === undefined) {
    text = gzipSync(bundleSource(bundle), { level: 9 }).toString("base64");
    packed.set(bundle, text);
  }
  return text;
}
