import type { Figure, Trace } from "../types";

/** A plotly figure as plotly's users write it. */
export interface PlotlyFigure {
  readonly data: readonly Trace[];
  readonly layout: Readonly<Record<string, unknown>>;
}

/** Any plotly figure, for `show`. Its text consists of its title and the names of its traces. */
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
