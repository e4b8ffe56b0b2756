/** The colours of the page around a figure, as CSS writes them. */
export interface Theme {
  readonly text: string;
  readonly grid: string;
  readonly paper: string;
}

/** The static picture's theme: it cannot know the page, so it brings its own white one. */
export const PAPER: Theme = { text: "#24292f", grid: "#e3e6ea", paper: "#ffffff" };

/**
 * A figure's layout in a theme's colours; what the layout itself sets stays.
 *
 * Runs in the page too, as its own source text: it uses nothing but its arguments.
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
