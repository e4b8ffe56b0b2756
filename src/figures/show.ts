import { TsloraError } from "../base/tslora-error";
import { bannerHtml, bannerText } from "./banner";
import { PlotlyOnce } from "./plotly/plotly-once";
import { comparisonTable, type ComparisonTableRow } from "./tables/comparison-table";
import { evaluationTable, type EvaluationTableInput } from "./tables/evaluation-table";
import { highlightHtml, highlightText } from "./highlight";
import { figure, type PlotlyFigure } from "./plots/figure";
import { frameTable, isFrame, type FrameLike } from "./tables/frame-table";
import { interactiveHtml } from "./plotly/interactive-html";
import type { Display } from "./kernel-display";
import { processOutput, type Output } from "./output";
import { renderSvg } from "./plotly/render-svg";
import { tableHtml } from "./tables/table-html";
import { tableText } from "./tables/table-text";
import type { Figure, Showable } from "./types";

/** Options of {@link show}. */
export interface ShowOptions {
  /** The place for the output. @default the running cell's output in a notebook, standard output elsewhere */
  readonly output?: Output;
}

/** Values that {@link show} accepts. A plotly figure may be a plain `{ data, layout }`. */
export type ShowInput =
  | Showable
  | PlotlyFigure
  | FrameLike
  | EvaluationTableInput
  | { readonly rows: readonly ComparisonTableRow[] }
  | string;

const plotlyOnce = new PlotlyOnce(); // one for this process: a notebook's kernel

/**
 * Shows a figure, a table, Markdown, a banner, highlighted text, an evaluation, a comparison or a data frame: as HTML
 * in the running cell of a notebook, elsewhere as text on standard output. A plain string is Markdown; an empty one
 * shows nothing.
 *
 * A figure makes two outputs: an interactive one, and a static picture, which is hidden if the interactive one is
 * drawn.
 *
 * @throws TsloraError `bad-input` for anything else
 */
export function show(thing: ShowInput, options: ShowOptions = {}): void {
  if (thing === "") return;
  const output = options.output ?? processOutput();
  const showable = toShowable(thing);
  if (output.kind === "text") return output.write(`${asText(showable)}\n`);
  switch (showable.kind) {
    case "figure":
      return showFigure(showable, { interactive: output.newDisplay(), picture: output.newDisplay(), run: output.run });
    case "table":
      return output.newDisplay().html(tableHtml(showable), tableText(showable));
    case "markdown":
      return output.newDisplay().markdown(showable.text);
    case "banner":
      return output.newDisplay().html(bannerHtml(showable), bannerText(showable));
    case "highlight":
      return output.newDisplay().html(highlightHtml(showable), highlightText(showable));
  }
}

/**
 * The two places of a figure, one right after the other in a cell's output, and the object that identifies the cell.
 */
export interface FigurePlaces {
  readonly interactive: Display;
  readonly picture: Display;
  readonly run: unknown;
}

/** Fills a figure's two places. A sentence replaces the static picture if the figure cannot be drawn as one. */
export function showFigure(figure: Figure, { interactive, picture, run }: FigurePlaces): void {
  interactive.html(interactiveHtml(figure, { carries: plotlyOnce.carries(figure, run) }), figure.text);
  try {
    picture.svg(renderSvg(figure));
  } catch (error) {
    if (!(error instanceof TsloraError) || error.code !== "unsupported") throw error;
    picture.markdown(`_${error.message}_`);
  }
}

/**
 * Whether {@link show} accepts a value other than a string: a figure, a table, an evaluation, a comparison, a data
 * frame.
 */
export function isShowable(value: unknown): value is Exclude<ShowInput, string> {
  return showableOf(value) !== undefined;
}

function showableOf(thing: unknown): Showable | undefined {
  if (typeof thing !== "object" || thing === null) return undefined;
  if ("kind" in thing)
    return (["figure", "table", "markdown", "banner", "highlight"] as unknown[]).includes(thing.kind)
      ? (thing as Showable)
      : undefined;
  if ("data" in thing && Array.isArray(thing.data) && "layout" in thing)
    return figure(thing as unknown as PlotlyFigure);
  if (isFrame(thing)) return frameTable(thing);
  if ("perLabel" in thing && Array.isArray(thing.perLabel) && "accuracy" in thing)
    return evaluationTable(thing as unknown as EvaluationTableInput);
  if ("rows" in thing && isComparison(thing.rows)) return comparisonTable({ rows: thing.rows });
  return undefined;
}

function isComparison(rows: unknown): rows is readonly ComparisonTableRow[] {
  return (
    Array.isArray(rows) &&
    rows.length > 0 &&
    rows.every(
      (row) =>
        typeof row === "object" &&
        row !== null &&
        "metric" in row &&
        "before" in row &&
        "after" in row &&
        "change" in row,
    )
  );
}

function toShowable(thing: ShowInput): Showable {
  if (typeof thing === "string") return { kind: "markdown", text: thing };
  const showable = showableOf(thing);
  if (showable !== undefined) return showable;
  throw new TsloraError(
    "bad-input",
    "show: the argument must be a figure, a table, a banner, highlighted text, an evaluation, a comparison, a data frame or Markdown; " +
      `got ${thing === null ? "null" : typeof thing}. Print other values by console.log.`,
  );
}

function asText(showable: Showable): string {
  switch (showable.kind) {
    case "figure":
    case "markdown":
      return showable.text;
    case "table":
      return tableText(showable);
    case "banner":
      return bannerText(showable);
    case "highlight":
      return highlightText(showable);
  }
}
