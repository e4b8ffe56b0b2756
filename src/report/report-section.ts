/** A section that other code adds to a report. */
export interface ReportSection {
  /** The section's id, to which links point: small letters, digits and hyphens. */
  readonly id: string;
  readonly title: string;
  readonly content: readonly ReportBlock[];
}

/** A piece of a section. */
export type ReportBlock = ReportParagraph | ReportList | ReportCommand | ReportTable | ReportFigure;

/** A paragraph. Text between backticks is shown as code; everything else is plain text. */
export interface ReportParagraph {
  readonly kind: "paragraph";
  readonly text: string;
}

/** A list of points, with texts as in a {@link ReportParagraph}. */
export interface ReportList {
  readonly kind: "list";
  readonly items: readonly string[];
}

/** A command, with a sentence about its effect. */
export interface ReportCommand {
  readonly kind: "command";
  readonly does: string;
  readonly command: string;
}

/** A column of a {@link ReportTable}. */
export interface ReportColumn {
  readonly name: string;
  /** Alignment: numbers right, words left. @default "left" */
  readonly align?: "left" | "right";
  /** Decimals of the column's numbers. @default whole numbers in full, others with four digits */
  readonly digits?: number;
}

/** A cell with small print below its text, such as an interval. */
export interface ReportCellDetail {
  readonly text: string;
  readonly detail: string;
}

/** A cell of a {@link ReportTable}. A number is formatted as its column says; null is shown as a dash. */
export type ReportCell = string | number | null | ReportCellDetail;

/** A table. The first cell of a row is its heading. */
export interface ReportTable {
  readonly kind: "table";
  /** An id for links, unique on the page. @default none */
  readonly id?: string;
  readonly caption: string;
  readonly columns: readonly ReportColumn[];
  readonly rows: readonly (readonly ReportCell[])[];
  /** A sentence below the table. @default none */
  readonly note?: string;
  /** Whether the table is folded away behind its caption; in print it is open. @default false */
  readonly folded?: boolean;
}

/** A point of a {@link ReportSeries}. */
export interface ReportPoint {
  /** A number, or the name of a category. */
  readonly x: number | string;
  readonly y: number;
  /** The lower end of the point's interval. @default no interval */
  readonly low?: number;
  /** The upper end of the point's interval. @default no interval */
  readonly high?: number;
}

/** A series of a {@link ReportFigure}: a colour, and a line of the legend. */
export interface ReportSeries {
  readonly name: string;
  readonly points: readonly ReportPoint[];
}

/** A figure of one or several series. It is drawn without scripts, and its points are also listed as text. */
export interface ReportFigure {
  readonly kind: "figure";
  /** An id for links, unique on the page. @default none */
  readonly id?: string;
  readonly title: string;
  /**
   * "line": points joined by a line, with a band over their intervals. "interval": points with their intervals. "bars":
   * bars from 0, with intervals.
   */
  readonly form: "line" | "interval" | "bars";
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly ReportSeries[];
  /** The range of the y axis. @default fits the points */
  readonly range?: readonly [low: number, high: number];
  /** Whether the x axis is logarithmic; for numbers above 0. @default false */
  readonly logX?: boolean;
  /** A dashed line across the figure, such as the accuracy of guessing. @default none */
  readonly reference?: { readonly y: number; readonly label: string };
}
