import { escapeLabel } from "../escape";

/** The look of a guide line. */
export interface GuideLook {
  readonly color: string;
  readonly width: number;
  readonly dash?: "dot" | "dash";
  /** Draws the line below the data. @default true */
  readonly below?: boolean;
}

/** A line over the whole height of a figure, at `x`. */
export function verticalLine(x: number, look: GuideLook): Record<string, unknown> {
  return { type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", ...lookOf(look) };
}

/** A line across values from 0 to 1, at `y`. */
export function horizontalLine(y: number, look: GuideLook): Record<string, unknown> {
  return { type: "line", x0: 0, x1: 1, y0: y, y1: y, ...lookOf(look) };
}

/** A line from (0, 0) to (1, 1). */
export function diagonal(look: GuideLook): Record<string, unknown> {
  return { type: "line", x0: 0, y0: 0, x1: 1, y1: 1, ...lookOf(look) };
}

/** The place of a guide line's label. */
export interface GuideLabelOptions {
  readonly x: number;
  /** The height, from 0 at the figure's lower edge to 1 at its upper one. @default 1 */
  readonly y?: number;
  /** The side of the line on which the text is. */
  readonly side: "left" | "right";
  /** Pixels between line and text. */
  readonly gap: number;
  /** The part of the text that is at `y`. @default "top" */
  readonly yanchor?: "top" | "bottom";
}

/** The label of a vertical line. */
export function guideLabel(text: string, options: GuideLabelOptions): Record<string, unknown> {
  const { x, y = 1, side, gap, yanchor = "top" } = options;
  const isLeft = side === "left";
  return {
    x,
    y,
    yref: "paper",
    text: escapeLabel(text),
    showarrow: false,
    xanchor: isLeft ? "right" : "left",
    xshift: isLeft ? -gap : gap,
    yanchor,
  };
}

function lookOf({ below = true, ...line }: GuideLook): Record<string, unknown> {
  return { line, ...(below ? { layer: "below" } : {}) };
}
