import { escapeHtml } from "../../figures/escape";
import { PAPER } from "../../figures/plots/theme-layout";
import { renderSvg } from "../../figures/plotly/render-svg";
import type { Figure } from "../../figures/types";

/** The variables of the page's style that replace the fixed colours of a picture. */
const VARIABLES = [
  [PAPER.text, "var(--text)"],
  [PAPER.grid, "var(--line)"],
  [PAPER.paper, "var(--ground)"],
] as const;

/** A figure as inline SVG in the colours of the page, light or dark, with a name for readers that do not see it. */
export function themedSvg(figure: Figure, name: string): string {
  const themed = VARIABLES.reduce(
    (svg, [colour, variable]) => svg.replaceAll(rgb(colour), variable),
    renderSvg(figure),
  );
  return themed.replace("<svg ", () => `<svg role="img" aria-label="${escapeHtml(name)}" `); // a name may hold "$&"
}

/** A colour `#rrggbb` as plotly writes it into a picture. */
function rgb(colour: string): string {
  return `rgb(${[1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16)).join(", ")})`;
}
