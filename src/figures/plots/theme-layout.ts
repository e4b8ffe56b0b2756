/** The colours of the page around a figure, as CSS writes them. */
export interface Theme {
  readonly text: string;
  readonly grid: string;
  readonly paper: string;
}

/** The static picture's theme, with its own white background, since the page's colours are unknown. */
export const PAPER: Theme = { text: "#24292f", grid: "#e3e6ea", paper: "#ffffff" };

/**
 * A figure's layout in a theme's colours; colours that the layout sets are kept.
 *
 * Its source text also runs in the page, so it may use only its arguments.
 */
export function themeLayout(layout: Readonly<Record<string, unknown>>, theme: Theme): Record<string, unknown> {
  const over = (defaults: Record<string, unknown>, own: unknown): Record<string, unknown> => ({
    ...defaults,
    ...(own as Record<string, unknown> | undefined),
  });
  const themed: Record<string, unknown> = {
    paper_bgcolor: theme.paper,
    plot_bgcolor: theme.paper,
    modebar: { bgcolor: "rgba(0,0,0,0)", color: theme.grid, activecolor: theme.text },
    ...layout,
    font: over({ color: theme.text }, layout.font),
  };
  for (const name of new Set(["xaxis", "yaxis", ...Object.keys(layout).filter((key) => /^[xy]axis\d+$/.test(key))])) {
    themed[name] = over(
      { gridcolor: theme.grid, linecolor: theme.grid, zerolinecolor: theme.grid, tickcolor: theme.grid },
      layout[name],
    );
  }
  return themed;
}
