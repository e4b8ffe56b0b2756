import { Problems } from "../../base/problems";
import { escapeLabel } from "../escape";
import { formatNumber } from "../format";
import { measureText } from "../plotly/measure-text";
import type { Figure } from "../types";
import { axis, baseLayout } from "./base-layout";
import { rounded } from "./curve-points";
import { OKABE_ITO } from "./palette";

/** A setting's importance, as `settingImportances` gives it. */
export interface SettingImportanceLike {
  readonly name: string;
  /** Its share of the sum, from 0 to 1. */
  readonly share: number;
}

/** Options of {@link settingImportanceFigure}. */
export interface SettingImportanceFigureOptions {
  /** @default "Importance of the settings" */
  readonly title?: string;
}

/**
 * The importance of settings as bars, the most important first.
 *
 * @throws TsloraError `bad-input` for no setting, or a share outside 0 to 1
 */
export function settingImportanceFigure(
  importances: readonly SettingImportanceLike[],
  options: SettingImportanceFigureOptions = {},
): Figure {
  const { title = "Importance of the settings" } = options;
  const problems = new Problems("settingImportanceFigure");
  problems.expect(importances.length > 0, "importances must have at least one setting; got none.");
  const bad = importances.find(({ share }) => !(share >= 0 && share <= 1));
  problems.expect(bad === undefined, `shares must be from 0 to 1; got ${JSON.stringify(bad)}.`);
  problems.throwIfAny("bad-input");
  const sorted = [...importances].sort((a, b) => b.share - a.share);
  const base = baseLayout({ title, height: 120 + 34 * sorted.length });
  return {
    kind: "figure",
    data: [
      {
        type: "bar",
        orientation: "h",
        name: "importance",
        x: sorted.map(({ share }) => rounded(share)),
        y: sorted.map((_, i) => i),
        text: sorted.map(({ share }) => `${formatNumber(100 * share, 0)}%`),
        textposition: "outside",
        cliponaxis: false,
        marker: { color: OKABE_ITO[0] },
        hoverinfo: "skip",
      },
    ],
    layout: {
      ...base,
      margin: {
        ...(base.margin as object),
        l: Math.max(...sorted.map(({ name }) => measureText(name, 13))) + 24,
        r: 48,
      },
      xaxis: axis("Share of the importance (PED-ANOVA)", { range: [0, 1], tickformat: ".0%" }),
      yaxis: {
        tickvals: sorted.map((_, i) => i),
        ticktext: sorted.map(({ name }) => escapeLabel(name)),
        range: [sorted.length - 0.5, -0.5],
        showgrid: false,
        zeroline: false,
      },
    },
    text: [title, ...sorted.map(({ name, share }) => `  ${name}: ${formatNumber(100 * share, 0)}%`)].join("\n"),
  };
}
