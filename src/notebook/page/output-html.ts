import { ansiToHtml } from "./ansi-html";
import { escapeHtml } from "./escape-html";
import { isRecord } from "../../base/json";
import type { ErrorOutput, MimeBundle, Output } from "../format/notebook-types";

/** plotly's own MIME type: a figure as JSON. */
const PLOTLY = "application/vnd.plotly.v1+json";

/** The page shows at most so many characters of a text. */
const SHOWN_CHARACTERS = 5_000_000;

/** The kinds of trace that plotly.js's small build draws. */
const SMALL = [
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
];

/** The build of plotly.js that an output's figure needs from the page, if it is drawn from JSON. */
export function plotlyBuild(output: Output): "small" | "whole" | undefined {
  const figure = "data" in output ? output.data[PLOTLY] : undefined;
  if (!isRecord(figure)) return undefined;
  const traces: readonly unknown[] = Array.isArray(figure.data) ? figure.data : [];
  return traces.every(
    (trace) =>
      isRecord(trace) && (trace.type === undefined || (typeof trace.type === "string" && SMALL.includes(trace.type))),
  )
    ? "small"
    : "whole";
}

/**
 * Returns one output as HTML. `text/html` and SVG are put into the page unchanged, so that the scripts of figures run
 * and find their elements; everything else is escaped.
 *
 * @param markdown - renders `text/markdown`
 */
export function outputHtml(output: Output, markdown: (text: string) => string): string {
  switch (output.output_type) {
    case "stream":
      return `<pre class="output stream ${escapeHtml(output.name)}">${ansiToHtml(shortened(output.text))}</pre>`;
    case "error":
      return errorHtml(output);
    default:
      return `<div class="output rich">${bundleHtml(output.data, markdown)}</div>`;
  }
}

function errorHtml({ ename, evalue, traceback }: ErrorOutput): string {
  const head = `${ename}: ${evalue}`;
  const text = traceback.join("\n");
  const rest = text.startsWith(head) ? text.slice(head.length).replace(/^\n/, "") : text; // do not show the head twice
  return `<pre class="output error"><strong>${escapeHtml(head)}</strong>\n${ansiToHtml(shortened(rest))}</pre>`;
}

/** An element for a figure, and the script that draws it there. */
function plotlyHtml({ data, layout, config }: Readonly<Record<string, unknown>>): string {
  const json = JSON.stringify([
    data ?? [],
    layout ?? {},
    { responsive: true, ...(isRecord(config) ? config : {}) },
  ]).replace(/</g, "\\u003c");
  return `<div class="plotly-figure"></div><script>Plotly.newPlot(document.currentScript.previousElementSibling, ...${json});</script>`;
}

function bundleHtml(data: MimeBundle, markdown: (text: string) => string): string {
  const text = (mime: string): string | undefined => {
    const value = data[mime];
    return typeof value === "string" ? value : undefined;
  };
  const figure = data[PLOTLY];
  if (isRecord(figure)) return plotlyHtml(figure); // its HTML, if it has one, loads plotly.js from elsewhere
  const raw = text("text/html") ?? text("image/svg+xml")?.replace(/^\s*(?:<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|\s)*/, "");
  if (raw !== undefined) return raw;
  for (const mime of ["image/png", "image/jpeg", "image/gif", "image/webp"]) {
    const base64 = text(mime);
    if (base64 !== undefined)
      return `<img alt="figure" src="data:${mime};base64,${escapeHtml(base64.replace(/\s/g, ""))}">`;
  }
  const prose = text("text/markdown");
  if (prose !== undefined) return markdown(prose);
  const script = text("application/javascript") ?? text("text/javascript");
  if (script !== undefined) return `<script>${script.replace(/<\/(script)/gi, "<\\/$1")}</script>`;
  const plain = text("text/plain") ?? JSON.stringify(Object.values(data)[0] ?? "", null, 2);
  return `<pre>${ansiToHtml(shortened(plain))}</pre>`;
}

/** Cuts a text to a length that a browser can show quickly. */
function shortened(text: string): string {
  const left = text.length - SHOWN_CHARACTERS;
  return left <= 0 ? text : `${text.slice(0, SHOWN_CHARACTERS)}\n[${left} characters more are in the notebook]`;
}
