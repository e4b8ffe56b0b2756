/** One plotly trace: `type` and the attributes of that type. Plain JSON. */
export interface Trace {
  readonly type?: string;
  readonly [attribute: string]: unknown;
}

/** A plotly figure as plain JSON for `Plotly.newPlot`, with a text for readers without a browser. */
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

/** A cell of a {@link Table}: formatted text, or text with a second line and a hover text. */
export type TableCell = string | TableCellDetail;

/** See {@link TableCell}. */
export interface TableCellDetail {
  readonly text: string;
  /** Small print below the text, e.g. an interval. */
  readonly detail?: string;
  /** Hover text of the cell. It is written into the notebook. */
  readonly hover?: string;
}

/** A row of a {@link Table}: cells, or a heading across all columns. */
export type TableRow =
  | { readonly kind: "cells"; readonly cells: readonly TableCell[] }
  | { readonly kind: "section"; readonly title: string };

/** A table of formatted texts; `frameTable`, `comparisonTable` and other functions make it. */
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

/** A warning or remark in a frame. */
export interface Banner {
  readonly kind: "banner";
  readonly level: "info" | "warning";
  readonly title: string;
  readonly text: string;
}

/** A text of a {@link Highlight}. */
export interface HighlightedText {
  readonly heading: string;
  /** The text, or the two texts of a pair, in pieces. A word has a score. */
  readonly parts: readonly (readonly { readonly text: string; readonly score?: number }[])[];
}

/** Texts whose words are coloured by scores; `highlightedText` makes it. */
export interface Highlight {
  readonly kind: "highlight";
  readonly title: string;
  readonly texts: readonly HighlightedText[];
}

/** Everything that `show` displays. */
export type Showable = Figure | Table | Markdown | Banner | Highlight;
