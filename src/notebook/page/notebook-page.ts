import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { requiredPackage } from "../../base/places";
import { escapeHtml } from "./escape-html";
import { highlightCode } from "./highlight-code";
import { inlineImages } from "./inline-images";
import { isRecord } from "../../base/json";
import type { Cell, Notebook } from "../format/notebook-types";
import { boundedMarkdown } from "./render-markdown";
import { stripTags } from "./strip-tags";
import { outputHtml, plotlyBuild } from "./output-html";
import { PAGE_STYLE } from "./page-style";

/** A notebook and its name on the page. */
export interface PageNotebook {
  readonly name: string;
  readonly notebook: Notebook;
  /**
   * The folder for images that its Markdown names by paths.
   * @default images stay outside the page
   */
  readonly folder?: string;
}

/** Options of a page. */
export interface PageOptions {
  /** The page's title. @default the first notebook's name */
  readonly title?: string;
  /** HTML before the notebooks, with its own headings. @default none */
  readonly summary?: string;
  /** Whether the cells' code is folded away behind its first line. @default false */
  readonly foldCode?: boolean;
}

interface Heading {
  readonly id: string;
  readonly depth: number;
  readonly html: string;
}

/**
 * Makes one HTML page of notebooks with their outputs. The page needs no network and no other files; its only scripts
 * are those of the outputs. It follows the reader's light or dark theme and has a table of contents.
 *
 * @param notebooks - executed notebooks that the user trusts: their HTML is kept as it is
 */
export async function notebookPage(notebooks: readonly PageNotebook[], options: PageOptions = {}): Promise<string> {
  const { Marked } = await import("marked");
  const headings: Heading[] = [];
  const ids = new Map<string, number>();
  const marked = new Marked({ async: false, gfm: true });
  marked.use({
    renderer: {
      heading({ tokens, depth }) {
        const html = this.parser.parseInline(tokens);
        const id = freeSlug(html, ids);
        headings.push({ id, depth, html: stripTags(html) });
        return `<h${depth} id="${escapeHtml(id)}">${html}</h${depth}>\n`;
      },
    },
  });
  const markdown = boundedMarkdown((text) => marked.parse(text, { async: false }));
  const sections: string[] = [];
  for (const notebook of notebooks)
    // in order: headings are numbered
    sections.push(await section(notebook, { markdown, foldCode: options.foldCode ?? false }));
  const title = escapeHtml(options.title ?? notebooks[0]?.name ?? "Notebook");
  const contents = headings
    .filter(({ depth }) => depth <= 3)
    .map(
      ({ id, depth, html }) =>
        `<li style="--depth:${depth}"><a href="#${escapeHtml(encodeURIComponent(id))}">${html}</a></li>`,
    );
  const builds = new Set(
    notebooks.flatMap(({ notebook }) =>
      notebook.cells.flatMap((cell) => (cell.cell_type === "code" ? cell.outputs.map(plotlyBuild) : [])),
    ),
  );
  return [
    "<!doctype html>",
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>`,
    `<style>${PAGE_STYLE}</style>${builds.has("whole") || builds.has("small") ? `<script>${await plotlyScript(builds.has("whole"))}</script>` : ""}</head><body>`,
    ...(options.summary === undefined ? [] : [`<header class="summary">${options.summary}</header>`]),
    `<nav class="contents" aria-label="Contents"><h2>Contents</h2><ul>${contents.join("\n")}</ul></nav>`,
    `<main>${sections.join("\n")}</main>`,
    "</body></html>\n",
  ].join("\n");
}

/**
 * Returns plotly.js, which a page has once: the small build, or the whole one if a figure needs it.
 */
async function plotlyScript(whole: boolean): Promise<string> {
  const path = whole
    ? join(requiredPackage("plotly.js-dist"), "plotly.js")
    : join(requiredPackage("plotly.js-cartesian-dist-min"), "plotly-cartesian.min.js");
  return (await readFile(path, "utf8")).replace(/<\/(script)/gi, "<\\/$1");
}

interface CellOptions {
  readonly markdown: (text: string) => string;
  readonly foldCode: boolean;
}

async function section({ name, notebook, folder }: PageNotebook, { markdown, foldCode }: CellOptions): Promise<string> {
  const run = isRecord(notebook.metadata.tslora) ? notebook.metadata.tslora : {};
  const facts = [
    name,
    ...(typeof run.started === "string" ? [`executed ${run.started.slice(0, 16).replace("T", " ")} UTC`] : []),
    ...(typeof run.duration === "number" ? [`in ${run.duration.toFixed(1)} s`] : []),
    ...(typeof run.status === "string" && run.status !== "ok" ? [`status: ${run.status}`] : []),
  ];
  const language = notebook.metadata.language_info?.name ?? "typescript";
  const cells: string[] = [];
  for (const cell of notebook.cells)
    cells.push(
      await inlineImages(cellHtml(cell, language, { markdown, foldCode }), {
        folder,
        attachments: cell.cell_type === "code" ? undefined : cell.attachments,
      }),
    );
  return `<section><p class="run">${escapeHtml(facts.join(", "))}</p>\n${cells.join("\n")}</section>`;
}

function cellHtml(cell: Cell, language: string, { markdown, foldCode }: CellOptions): string {
  const id = `cell-${escapeHtml(cell.id)}`;
  if (cell.cell_type !== "code") {
    const prose = cell.cell_type === "markdown" ? markdown(cell.source) : `<pre>${escapeHtml(cell.source)}</pre>`;
    return `<div class="cell prose" id="${id}">${prose}</div>`;
  }
  const number = cell.execution_count === null ? "" : `<span class="number">[${cell.execution_count}]</span> `;
  const label = `${number}<span class="first">${foldCode ? escapeHtml(firstLine(cell.source)) : "code"}</span>`;
  const code = `<pre><code>${highlightCode(cell.source, language)}</code></pre>`;
  const source =
    cell.source.trim() === ""
      ? ""
      : `<details class="source"${foldCode ? "" : " open"}><summary>${label}</summary>${code}</details>`;
  return `<div class="cell code" id="${id}">${source}${cell.outputs.map((output) => outputHtml(output, markdown)).join("\n")}</div>`;
}

/** The first line that is not blank. */
function firstLine(source: string): string {
  return (
    source
      .split("\n")
      .find((line) => line.trim() !== "")
      ?.trim() ?? ""
  );
}

/** @param taken - how many earlier headings have these words */
function freeSlug(html: string, taken: Map<string, number>): string {
  const words = stripTags(html)
    .replace(/&#?\w{1,30};/g, "")
    .toLowerCase()
    .match(/[\p{L}\p{N}_-]+/gu) ?? ["section"];
  const slug = words.join("-");
  for (let n = taken.get(slug) ?? 0; ; n++) {
    const id = n === 0 ? slug : `${slug}-${n}`;
    taken.set(slug, n + 1);
    if (n > 0 && taken.has(id)) continue;
    if (n > 0) taken.set(id, 1);
    return id;
  }
}
