import { escapeHtml } from "../../figures/escape";
import type { Figure } from "../../figures/types";
import type { ChecklistItem } from "../facts/study-facts";
import { inlineText } from "./inline-text";
import type { PageBlock, PageSection } from "./page-section";
import { seriesFigure } from "./series-figure";
import { tableHtml } from "./table-html";
import { themedSvg } from "./themed-svg";

/** A section as HTML. */
export function sectionHtml({ id, title, content }: PageSection): string {
  const heading = `${id}-heading`;
  return `<section id="${escapeHtml(id)}" aria-labelledby="${escapeHtml(heading)}">
<h2 id="${escapeHtml(heading)}">${inlineText(title)}</h2>
${content.map((block, at) => blockHtml(block, `${id}-${at}`)).join("\n")}
</section>`;
}

/** @param free - an id for a block that has none */
function blockHtml(block: PageBlock, free: string): string {
  switch (block.kind) {
    case "paragraph":
      return `<p>${inlineText(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${inlineText(item)}</li>`).join("\n")}</ul>`;
    case "command":
      return `<p class="does">${inlineText(block.does)}</p>\n<pre tabindex="0"><code>${escapeHtml(block.command)}</code></pre>`;
    case "table":
      return tableHtml(block, block.id ?? free);
    case "figure":
      return figureHtml(seriesFigure(block), { id: block.id ?? free, title: block.title });
    case "plot":
      return figureHtml(block.figure, { id: block.id, title: block.figure.text.split("\n", 1)[0] });
    case "heading":
      return `<h3 id="${escapeHtml(block.id)}">${inlineText(block.text)}</h3>`;
    case "links":
      return `<ul>${block.links.map(({ file, about }) => `<li><a href="${escapeHtml(file)}">${escapeHtml(file)}</a>: ${inlineText(about)}</li>`).join("\n")}</ul>`;
    case "checklist":
      return checklistHtml(block.items);
  }
}

/** A figure, with its numbers as text for readers that do not see it. */
function figureHtml(figure: Figure, { id, title }: { id: string; title: string }): string {
  return `<figure id="${escapeHtml(id)}">
<div class="scroll drawing" role="group" tabindex="0" aria-label="Figure: ${escapeHtml(title)}">${themedSvg(figure, title)}</div>
<details class="as-text"><summary>The figure as text</summary><pre tabindex="0">${escapeHtml(figure.text)}</pre></details>
</figure>`;
}

function checklistHtml(items: readonly ChecklistItem[]): string {
  const sections = [...new Set(items.map(({ section }) => section))];
  return sections
    .map((section) => {
      const own = items.filter((one) => one.section === section);
      return `<h3>${escapeHtml(section)}</h3>\n<ol class="checklist" start="${own[0].number}">${own.map(itemHtml).join("\n")}</ol>`;
    })
    .join("\n");
}

function itemHtml({ number, topic, asks, status }: ChecklistItem): string {
  const head = `<p class="item"><strong>${escapeHtml(topic)}</strong> <span class="asks">${escapeHtml(asks)}</span></p>`;
  const body =
    status.kind === "authors"
      ? `<p class="todo">To be completed by the authors.</p>`
      : `<p>${inlineText(status.text)} <a href="#${escapeHtml(status.source.id)}">${escapeHtml(status.source.name)}</a></p>${
          status.authorsAdd === undefined ? "" : `<p class="add">The authors add: ${inlineText(status.authorsAdd)}.</p>`
        }`;
  return `<li id="item-${number}" value="${number}" class="${status.kind}">${head}${body}</li>`;
}
