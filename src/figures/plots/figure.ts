import type { Figure, Trace } from "../types";

/** A plotly figure as its users know it. */
export interface PlotlyFigure {
  readonly data: readonly Trace[];
  readonly layout: Readonly<Record<string, unknown>>;
}

/** Any figure of plotly's, for `show`; what it says as text is its title and its traces' names. */
export function figure({ data, layout }: PlotlyFigure): Figure {
  const names = data.map(
    (trace, i) => `  ${typeof trace.name === "string" ? trace.name : `trace ${i}`} (${trace.type ?? "scatter"})`,
  );
  return { kind: "figure", data, layout, text: [titleOf(layout), ...names].join("\n") };
}

function titleOf({ title }: PlotlyFigure["layout"]): string {
  if (typeof title === "string") return title;
  return typeof title === "object" && title !== null && "text" in title && typeof title.text === "string"
    ? title.text
    : "Figure";
}
