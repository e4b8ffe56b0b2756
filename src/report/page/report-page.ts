import { escapeHtml } from "../../figures/escape";
import type { StudyFacts } from "../facts/study-facts";
import { allSections } from "../sections/all-sections";
import { sectionHtml } from "./block-html";
import { inlineText } from "./inline-text";
import { contentPolicy, PAGE_SCRIPT } from "./page-script";
import { REPORT_STYLE } from "./report-style";

/**
 * A report as one page of HTML that needs no other file and no network. It shows only its facts, and no text of the
 * data.
 */
export function reportPage(facts: StudyFacts): string {
  const sections = allSections(facts);
  const { title, subject, written } = facts;
  const contents = sections.map(
    ({ id, title: name }) => `<li><a href="#${escapeHtml(id)}">${inlineText(name)}</a></li>`,
  );
  const caution =
    subject.banner === undefined ? "" : `\n<p class="caution" role="note">${inlineText(subject.banner)}</p>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(contentPolicy())}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>${escapeHtml(title)}</title>
<style>${REPORT_STYLE}</style></head><body>
<a class="skip" href="#main">Skip to the report</a>
<div class="page">
<header><h1>${inlineText(title)}</h1>
<p class="run">Written by tslora on ${escapeHtml(written.slice(0, 10))}. Seed ${subject.seed}, method ${escapeHtml(subject.method)}, data: ${inlineText(subject.dataName)}.</p>${caution}</header>
<nav aria-label="Contents"><h2>Contents</h2><ul>${contents.join("\n")}</ul></nav>
<main id="main" tabindex="-1">
${sections.map(sectionHtml).join("\n")}
</main>
<footer><p>The facts are in <a href="study.json">study.json</a>. Figures are drawn from them; no text of the data is in this report.</p></footer>
</div>
<script>${PAGE_SCRIPT}</script>
</body></html>
`;
}
