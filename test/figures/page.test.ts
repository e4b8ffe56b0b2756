import assert from "node:assert/strict";
import { test } from "node:test";

import { JSDOM, VirtualConsole } from "jsdom";

import { histogram } from "../../src/figures/plots/histogram";
import { interactiveHtml } from "../../src/figures/plotly/interactive-html";
import { waitUntil } from "../base/wait-until";

interface PageElement {
  readonly textContent: string;
  readonly parentNode: { replaceChild(fresh: PageElement, old: PageElement): void };
  readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  setAttribute(name: string, value: string): void;
}

interface PageWindow {
  readonly document: {
    readonly body: { innerHTML: string };
    createElement(name: string): PageElement & { textContent: string };
    querySelectorAll(selector: string): Iterable<PageElement>;
  };
  readonly Plotly?: unknown;
  readonly getComputedStyle: (element: unknown) => object;
}

const HIDE = ".jp-OutputArea-child:has(.tslora-drawn)";

/**
 * Opens a page with the outputs in it, whose scripts run as in Jupyter Lab: inserted as text, then each created again.
 */
function open(outputs: readonly string[]): PageWindow {
  const window = new JSDOM(`<!doctype html><body style="color: rgb(10, 20, 30)"></body>`, {
    runScripts: "dangerously",
    virtualConsole: new VirtualConsole(),
  }).window as PageWindow;
  Object.assign(window, { DecompressionStream, Response, Blob, Plotly: "of the page" });
  Object.assign((window as unknown as { URL: object }).URL, { createObjectURL: () => "" });
  Object.assign((window as unknown as { SVGElement: { prototype: object } }).SVGElement.prototype, {
    getBBox: () => ({ x: 0, y: 0, width: 10, height: 10 }),
    getComputedTextLength: () => 10,
  });
  window.document.body.innerHTML = outputs.map((html) => `<div class="jp-OutputArea-child">${html}</div>`).join("");
  for (const script of [...window.document.querySelectorAll("script")]) {
    const fresh = window.document.createElement("script");
    fresh.textContent = script.textContent;
    script.parentNode.replaceChild(fresh, script);
  }
  return window;
}

const one = histogram([1, 2, 2], { title: "One </script><b>", xLabel: "x" });
const two = histogram([3, 4], { title: "Two", xLabel: "x" });

test("figures draw themselves in a page, with plotly.js in the first or last output, and do not change the page's own Plotly", async () => {
  const first = interactiveHtml(one, { carries: true });
  const second = interactiveHtml(two, { carries: false });
  for (const outputs of [
    [first, second],
    [second, first],
  ]) {
    const window = open(outputs);
    const layers = (): number => [...window.document.querySelectorAll(".tslora-plot .main-svg")].length;
    await waitUntil(() => layers() >= 3 * outputs.length, { what: "plotly has drawn its layers" });
    assert.equal([...window.document.querySelectorAll(".tslora-drawn")].length, 2);
    const text = [...window.document.querySelectorAll(".tslora-plot")].map((plot) => plot.textContent).join("\n");
    assert.match(text, /One <\/script><b>/);
    assert.match(text, /Two/);
    assert.equal(window.Plotly, "of the page");
    assert.ok([...window.document.querySelectorAll("style")].some((style) => style.textContent.includes(HIDE)));
  }
});

test("a figure without the output that contains plotly.js shows the static picture, with advice", async () => {
  const window = open([interactiveHtml(two, { carries: false })]);
  const notes = (): string =>
    [...window.document.querySelectorAll(".tslora-figure small")].map((note) => note.textContent).join();
  await waitUntil(() => notes() !== "", { what: "the page says what to do" });
  assert.match(notes(), /run the cell of the notebook's first figure again/);
  assert.equal([...window.document.querySelectorAll(".tslora-drawn")].length, 0);
});

test("where scripts do not run, the interactive form shows nothing", () => {
  const html = interactiveHtml(two, { carries: true });
  assert.equal(
    html
      .replace(/<script>[^]*?<\/script>/g, "")
      .replace(/<[^>]+>/g, "")
      .trim(),
    "",
  );
});

test("data in a script cannot end the script", () => {
  const html = interactiveHtml(one, { carries: false });
  assert.equal(html.split("</script>").length - 1, 1);
});
