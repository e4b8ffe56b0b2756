import { shortened } from "../../base/shortened";
import { escapeLabel } from "../../figures/escape";
import { measureText } from "../../figures/plotly/measure-text";
import type { Figure, Trace } from "../../figures/types";

/** Characters of a category's name beside its row; a longer name is shortened. */
const NAME_LENGTH = 44;
/** Pixels of a row, and of each series in it. */
const ROW = { height: 26, series: 14 } as const;

/**
 * Turns a figure of categories: each becomes a row from the top on, with its name at the left and its values along the
 * x axis.
 */
export function asRows(
  { data, layout, text }: Figure,
  { names, perRow }: { readonly names: readonly string[]; readonly perRow: number },
): Figure {
  const { xaxis, yaxis, margin, shapes, annotations } = layout as Record<"xaxis" | "yaxis" | "margin", object> &
    Record<"shapes" | "annotations", object[] | undefined>;
  const shown = names.map((name) => shortened(name, NAME_LENGTH));
  const { t, b } = margin as { readonly t: number; readonly b: number };
  return {
    kind: "figure",
    data: data.map(turnedTrace),
    layout: {
      ...layout,
      height: t + b + names.length * (ROW.height + ROW.series * perRow),
      margin: { ...margin, l: Math.ceil(Math.max(...shown.map((name) => measureText(name, 13)))) + 24 },
      xaxis: yaxis,
      yaxis: {
        ...xaxis,
        title: undefined, // the names say it
        ticktext: shown.map((name) => escapeLabel(name)),
        range: [names.length - 0.4, -0.6],
      },
      ...(shapes === undefined ? {} : { shapes: shapes.map(swapped) }),
      ...(annotations === undefined
        ? {}
        : { annotations: annotations.map((one) => ({ ...swapped(one), xanchor: "left", yanchor: "top" })) }),
    },
    text,
  };
}

function turnedTrace({ error_y, fill, ...trace }: Trace): Trace {
  return {
    ...(swapped(trace) as Trace),
    ...(error_y === undefined ? {} : { error_x: error_y }),
    ...(fill === undefined ? {} : { fill: "tonextx" }),
    ...(trace.type === "bar" ? { orientation: "h" } : {}),
  };
}

/** The same with x and y exchanged in the names of its values. */
function swapped(values: object): Record<string, unknown> {
  const other = { x: "y", y: "x" } as const;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]: [string, unknown]) => {
      const [, axis, rest] = /^([xy])(|0|1|ref)$/.exec(name) ?? [];
      return axis === "x" || axis === "y" ? [`${other[axis]}${rest}`, value] : [name, value];
    }),
  );
}
