/** One plotly trace: `type` and what that type takes. Plain JSON. */
export interface Trace {
  readonly type?: string;
  readonly [attribute: string]: unknown;
}

/** A plotly figure as plain JSON, as `Plotly.newPlot` takes it, with what people without a browser read instead. */
export interface Figure {
  readonly kind: "figure";
  readonly data: readonly Trace[];
  readonly layout: Readonly<Record<string, unknown>>;
  /** The figure as a few lines of text, which are printed outside notebooks. */
  readonly text: string;
}

/** A column of a {@link Table}. */
export interface TableColumn {
  readonly name: string;
  /** Alignment: numbers right, words left. @default "left" */
  readonly align?: "left" | "right";
  /** A heading that neighbouring columns share, e.g. "Published". */
  readonly group?: string;
}

/** A cell of a {@link Table}: text as it is to be read, or text with a second line and a hover text. */
export type TableCell = string | TableCellDetail;

/** See {@link TableCell}. */
export interface TableCellDetail {
  readonly text: string;
  /** Small print below the text, e.g. an interval. */
  readonly detail?: string;
  /** Shown when the mouse rests on the cell. It is written into the notebook. */
  readonly hover?: string;
}

/** A row of a {@link Table}: cells, or a heading across all columns. */
export type TableRow =
  | { readonly kind: "cells"; readonly cells: readonly TableCell[] }
  | { readonly kind: "section"; readonly title: string };

/**
 * A table of texts that are ready to be read; see `frameTable`, `comparisonTable` and the others for how it is made.
 */
export interface Table {
  readonly kind: "table";
  readonly title?: string;
  readonly columns: readonly TableColumn[];
  readonly rows: readonly TableRow[];
  /** A sentence below the table. */
  readonly note?: string;
}

/** Text in Markdown. */
export interface Markdown {
  readonly kind: "markdown";
  readonly text: string;
}

/** A sentence that must not be overlooked, in a frame. */
export interface Banner {
  readonly kind: "banner";
  readonly level: "info" | "warning";
  readonly title: string;
  readonly text: string;
}

/** Everything that `show` displays. */
export type Showable = Figure | Table | Markdown | Banner;
