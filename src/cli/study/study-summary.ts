import { compareEvaluations } from "../../evaluation/comparison/compare-evaluations";
import { conclusions } from "../../evaluation/comparison/conclusions";
import type { StudyResults } from "../../evaluation/study-results";
import { comparisonFigure } from "../../figures/plots/comparison-figure";
import { comparisonTable } from "../../figures/tables/comparison-table";
import { escapeHtml } from "../../figures/escape";
import { interactiveHtml } from "../../figures/plotly/interactive-html";
import { renderSvg } from "../../figures/plotly/render-svg";
import { tableHtml } from "../../figures/tables/table-html";

/** The summary at the top of `study.html`: facts of the run, the figure, the conclusions, and the table. */
export async function summaryHtml(results: StudyResults): Promise<string> {
  const { Marked } = await import("marked");
  const { before, after, baseline, about, banner } = results;
  const comparison = compareEvaluations(before, after, { baseline, published: about === "study" });
  const rows = Object.entries({
    "Before training": before,
    "TF-IDF, logistic regression": baseline,
    "After training": after,
  });
  const figure = comparisonFigure(
    rows.map(([name, { accuracy, accuracyInterval }]) => ({ name, value: accuracy, interval: accuracyInterval })),
    { chance: 1 / before.labels.length },
  );
  const prose = new Marked({ async: false, gfm: true }).parse(escapeHtml(conclusions(comparison, { about })), {
    async: false,
  });
  return [
    `<h1>Summary</h1>`,
    `<p class="run">${escapeHtml(factsOf(results))}</p>`,
    banner === undefined ? "" : `<p role="alert"><strong>${escapeHtml(banner)}</strong></p>`,
    // plotly.js is loaded with the notebooks' first figure; the picture beside is hidden then
    `<div class="output rich">${interactiveHtml(figure, { carries: false })}</div>`,
    `<div class="output rich">${renderSvg(figure)}</div>`,
    prose,
    `<div class="output rich">${tableHtml(comparisonTable(comparison))}</div>`,
  ].join("\n");
}

/** One line about the run. */
export function factsOf({ model, data, dataName, method, seed, elapsed }: StudyResults): string {
  return `model ${model}, data ${dataName ?? data}, method ${method}, seed ${seed}, trained in ${elapsed.toFixed(0)} s`;
}
