import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { ansiToHtml } from "../../src/notebook/page/ansi-html";
import { highlightCode } from "../../src/notebook/page/highlight-code";
import { notebookPage } from "../../src/notebook/page/notebook-page";
import type { Cell, Notebook, Output } from "../../src/notebook/format/notebook-types";
import { withFolder } from "./notebooks";

const EVIL = '<script>alert("x")</script>';
const ESCAPED = "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;";

function page(cells: readonly Cell[]): Promise<string> {
  const notebook: Notebook = { nbformat: 4, nbformat_minor: 5, metadata: {}, cells };
  return notebookPage([{ name: `a ${EVIL}.ipynb`, notebook }]);
}

const code = (source: string, outputs: readonly Output[]): Cell => ({
  cell_type: "code",
  id: "c",
  metadata: {},
  source,
  execution_count: 1,
  outputs,
});
const prose = (source: string): Cell => ({ cell_type: "markdown", id: "m", metadata: {}, source });
const body = (html: string): string => html.slice(html.indexOf("<main>"));

test("names, sources, streams and errors are escaped", async () => {
  const html = await page([
    code(`const a = '${EVIL}';`, [
      { output_type: "stream", name: "stdout", text: EVIL },
      { output_type: "error", ename: EVIL, evalue: EVIL, traceback: [EVIL] },
      { output_type: "display_data", data: { "text/plain": EVIL }, metadata: {} },
    ]),
  ]);
  assert.doesNotMatch(html, /<script/);
  assert.ok(body(html).split(ESCAPED).length > 5);
});

test("figures are embedded unchanged, script before image; pictures are embedded as data", async () => {
  const html = body(
    await page([
      code("1", [
        {
          output_type: "display_data",
          data: { "text/html": "<div id=f></div><script>draw()</script>", "text/plain": "figure" },
          metadata: {},
        },
        {
          output_type: "display_data",
          data: { "image/svg+xml": '<?xml version="1.0"?>\n<svg id="s"></svg>' },
          metadata: {},
        },
        { output_type: "display_data", data: { "image/png": "iVBO\nRw0K" }, metadata: {} },
      ]),
    ]),
  );
  assert.ok(
    html.indexOf("<script>draw()</script>") < html.indexOf('<svg id="s">') && html.includes("<script>draw()</script>"),
  );
  assert.doesNotMatch(html, /<\?xml/);
  assert.match(html, /src="data:image\/png;base64,iVBORw0K"/);
});

test("headings have unique anchors and are in the table of contents; nothing is loaded from other hosts", async () => {
  const html = await page([
    prose("# The study\n\n<b>kept</b>"),
    prose("## Data & model\n\ntext"),
    prose("## Data & model"),
    prose("#### deep"),
  ]);
  for (const id of ["the-study", "data-model", "data-model-1"]) {
    assert.ok(html.includes(`id="${id}"`) && html.includes(`href="#${id}"`), id);
  }
  assert.ok(!html.includes('href="#deep"') && html.includes("<b>kept</b>"));
  assert.doesNotMatch(html, /(?:src|href)="https?:|@import|url\(/);
});

test("attachments of a cell and image files of the notebook's folder are embedded as data; other images are unchanged", () =>
  withFolder(async (folder) => {
    await mkdir(join(folder, "images"));
    await writeFile(join(folder, "images", "a & b.png"), "png");
    await writeFile(join(folder, "c.svg"), "<svg/>");
    const attachments = { "own a.png": { "image/png": "AA\nAA" } };
    const source =
      "![x](attachment:own%20a.png) ![y](<images/a & b.png>)\n\n<img width=3 src='images/../c.svg?v=1'>\n\n![](none.png) ![](notes.txt) ![](https://somewhere.example/a.png) `<img src=\"c.svg\">`";
    const output: Output = { output_type: "display_data", data: { "text/markdown": "![z](c.svg)" }, metadata: {} };
    const cells: Cell[] = [{ cell_type: "markdown", id: "m", metadata: {}, source, attachments }, code("1", [output])];
    const html = await notebookPage([
      { name: "a", folder, notebook: { nbformat: 4, nbformat_minor: 5, metadata: {}, cells } },
    ]);
    const svg = `data:image/svg+xml;base64,${Buffer.from("<svg/>").toString("base64")}`;
    assert.deepEqual(
      [...html.matchAll(/<img[^>]* src="([^"]*)"/g)].map(([, address]) => address),
      [
        "data:image/png;base64,AAAA",
        `data:image/png;base64,${Buffer.from("png").toString("base64")}`,
        svg,
        "none.png",
        "notes.txt",
        "https://somewhere.example/a.png",
        svg,
      ],
    );
    assert.match(await page([prose("![y](c.svg)")]), /<img src="c\.svg"/, "without a folder nothing is looked for");
  }));

test("ANSI colours become spans, and other sequences are removed", () => {
  assert.equal(
    ansiToHtml("\u001b[1;31mred\u001b[0m <b> \u001b[2K\u001b[38;5;196mx\u001b[39my"),
    '<span class="ansi-bold ansi-fg-red">red</span> &lt;b&gt; <span style="color:rgb(255,0,0)">x</span>y',
  );
  assert.equal(ansiToHtml("\u001b[38;2;1;2;999mx"), '<span style="color:rgb(1,2,255)">x</span>');
});

test("highlighting changes no character of the code", () => {
  const source = 'const a: string = `x ${1 < 2} // no`; // "yes"\n/* & */ return 0xff + 1.5e-3;';
  const html = highlightCode(source, "typescript");
  const plain = html
    .replace(/<[^>]*>/g, "")
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&#39;/g, "'")
    .replace(/&amp;/g, "&");
  assert.equal(plain, source);
  assert.match(html, /<span class="hl-comment">\/\/ &quot;yes&quot;<\/span>/);
  assert.match(
    highlightCode("def f(): # x", "python"),
    /<span class="hl-keyword">def<\/span>.*<span class="hl-comment"># x/,
  );
});

test("a figure that is only JSON is drawn by plotly.js, which the page contains once", async () => {
  const figure = (type: string): Output => ({
    output_type: "display_data",
    metadata: {},
    data: {
      "application/vnd.plotly.v1+json": { data: [{ type, y: [1, "</script>"] }], layout: { title: "t" } },
      "text/html": '<script src="https://elsewhere/plotly.js"></script>',
    },
  });
  const html = await page([code("1", [figure("bar"), figure("scatter")])]);
  assert.equal(html.match(/Plotly\.newPlot\(document/g)?.length, 2);
  assert.match(html, /"y":\[1,"\\u003c\/script>"\]/);
  assert.doesNotMatch(html, /https:\/\/elsewhere/);
  assert.ok(html.length > 1e6 && html.length < 2e6, "the small build, once");
  assert.ok((await page([code("1", [figure("scatter3d")])])).length > 3e6, "the whole one");
});

test("names from a notebook are escaped everywhere", async () => {
  const notebook = {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { language_info: { name: EVIL }, tslora: { started: EVIL.repeat(2), status: EVIL, duration: 1 } },
    cells: [
      code("1", [
        { output_type: "stream", name: `"><img src=x onerror=alert(1)>${EVIL}` as "stdout", text: "x" },
        { output_type: "display_data", data: { [EVIL]: { [EVIL]: EVIL } }, metadata: { [EVIL]: EVIL } },
      ]),
    ],
  } satisfies Notebook;
  const html = await notebookPage([{ name: EVIL, notebook }], { title: EVIL });
  assert.doesNotMatch(html, /<script|<img/);
});

test("only files within the notebook's folder are embedded, after links are resolved", () =>
  withFolder(async (folder) => {
    const inside = join(folder, "notebooks");
    await mkdir(join(inside, "figures"), { recursive: true });
    const secret = Buffer.from("SECRET");
    for (const name of ["secret.png", "notebooks/own.png", "notebooks/figures/deep.png", "notebooks2.png"])
      await writeFile(join(folder, name), name.includes("secret") ? secret : "own");
    await symlink(join(folder, "secret.png"), join(inside, "link.png"));
    await symlink(folder, join(inside, "up"));
    await symlink(join(inside, "own.png"), join(inside, "alias.png"));
    await mkdir(join(inside, "folder.png"));
    const outside = [
      "../secret.png",
      "link.png",
      "up/secret.png",
      join(folder, "secret.png"),
      `file://${join(folder, "secret.png")}`,
      "..%2Fsecret.png",
      "figures/../../secret.png",
      "../notebooks2.png",
      "folder.png",
    ];
    const within = ["own.png", "figures/deep.png", "./figures/../own.png", "alias.png", "up/notebooks/own.png"];
    const source = [...outside, ...within]
      .map((path) => `<img alt="x" src="${path}">\n\n<img src='${path}'>\n\n<img src=${path}>\n\n![](${path})`)
      .join("\n\n");
    const html = await notebookPage([
      { name: "a", notebook: { nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [prose(source)] }, folder: inside },
    ]);
    assert.ok(!html.includes(secret.toString("base64")));
    assert.equal(html.split("data:image/png;base64,").length - 1, 4 * within.length);
  }));
