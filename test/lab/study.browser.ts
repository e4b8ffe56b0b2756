import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import type { Browser } from "playwright-core";

import { projectRoot } from "../../src/base/project-root";
import { LabPage, launchChromium, shareInColour } from "./lab-page";
import { startLab, type LabServer } from "./lab-server";

// Notebook 01 in Jupyter Lab as a user sits there, with few steps and the embedded sample, on a copy in output/.

const folder = join(projectRoot(), "output", "lab-test");
const path = "output/lab-test/01-study.ipynb";
const ENOUGH = 0.0005; // of a figure's pixels
const minutes = { timeout: 600_000 };

let server: LabServer;
let browser: Browser;
let lab: LabPage;

before(async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(join(projectRoot(), ".tslora", "models", "all-MiniLM-L6-v2"), join(folder, "my-model"), { recursive: true });
  writeFileSync(join(projectRoot(), path), JSON.stringify(quickStudy()));
  server = await startLab({
    TSLORA_OUTPUT: folder,
    JUPYTERLAB_SETTINGS_DIR: join(folder, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(folder, "workspaces"),
  });
  browser = await launchChromium();
  lab = new LabPage(await browser.newPage({ viewport: { width: 1280, height: 1000 } }), server);
}, minutes);

after(async () => {
  await browser?.close();
  await server?.stop();
}, minutes);

/** Notebook 01 without outputs, its parameters set for a look. */
function quickStudy(): unknown {
  const notebook = JSON.parse(readFileSync(join(projectRoot(), "notebooks", "01-study.ipynb"), "utf8")) as {
    cells: { cell_type: string; source: string[] | string; outputs?: unknown[]; execution_count?: null }[];
  };
  for (const cell of notebook.cells) {
    if (cell.cell_type !== "code") continue;
    cell.outputs = [];
    cell.execution_count = null;
    cell.source = [cell.source]
      .flat()
      .join("")
      .replace('const model: string = "auto"', 'const model: string = "embedded"')
      .replace('const data: string = "auto"', 'const data: string = "sample"')
      .replace("const epochs: number = 3", "const epochs: number = 1")
      .replace("const maxLength: number = 256", "const maxLength: number = 64")
      .replace("const maxSteps: number | null = null", "const maxSteps: number | null = 10");
  }
  return notebook;
}

const FIGURES = [
  "tslora.histogram(description.lengths",
  "tslora.histogram(encoded",
  'title: "Before training"',
  "tslora.train(classifier",
  'title: "After training"',
  "tslora.comparisonFigure",
];

/** Every figure of the notebook is drawn: there is colour in each, and its static picture is hidden. */
async function figuresAreDrawn(): Promise<void> {
  for (const source of FIGURES) {
    const cell = await lab.cell(source);
    const plot = cell.locator(".tslora-plot");
    await plot.locator(".main-svg").first().waitFor({ timeout: 30_000 });
    let share = await shareInColour(plot);
    for (let tries = 0; tries < 20 && share < ENOUGH; tries++) {
      await lab.page.waitForTimeout(500);
      share = await shareInColour(plot);
    }
    if (share < ENOUGH) await screenshot("not-drawn");
    assert.ok(
      share >= ENOUGH,
      `${source}: nothing of the figure can be seen (${share}; see output/lab-test/not-drawn.png)`,
    );
    assert.equal(
      await cell.locator(".jp-RenderedSVG").filter({ visible: true }).count(),
      0,
      `${source}: the picture stands beside the figure`,
    );
  }
}

const screenshot = async (name: string): Promise<void> =>
  void (await lab.page.screenshot({ path: join(folder, `${name}.png`) }));

test("run all: every cell succeeds, the bar moves while it trains, figures are drawn", minutes, async () => {
  await lab.open(path);
  await lab.command("notebook:run-all-cells");
  const cell = await lab.cell("tslora.train(classifier");
  const seen = new Set<string>();
  const bar = cell.locator(".tslora-progress progress");
  await bar.waitFor({ timeout: 300_000 });
  for (
    let value = await bar.getAttribute("value");
    value !== null;
    value = await bar.getAttribute("value", { timeout: 1000 }).catch(() => null)
  ) {
    seen.add(value);
    if (seen.size === 3) await screenshot("training");
    await lab.page.waitForTimeout(100);
  }
  assert.ok(seen.size >= 3, `the bar stood at ${[...seen].join(", ")}`);
  await lab.untilIdle();
  const cells = await lab.cells();
  assert.deepEqual(
    cells.filter(({ outputs }) => outputs.some((output) => output.includes('"output_type":"error"'))),
    [],
  );
  assert.deepEqual(
    cells.filter(({ isCode, executionCount }) => isCode && executionCount === null),
    [],
  );
  await figuresAreDrawn();
  for (const theme of ["JupyterLab Dark", "JupyterLab Light"] as const) {
    await lab.theme(theme);
    for (const [name, source] of [
      ["table", "tslora.frameTable(corpus.frame"],
      ["histogram", FIGURES[0]],
      ["matrix", FIGURES[2]],
      ["loss", FIGURES[3]],
      ["comparison", FIGURES[5]],
    ] as const) {
      await lab.cell(source);
      await lab.page.waitForTimeout(400);
      await screenshot(`${name}-${theme.slice(11).toLowerCase()}`);
    }
    await figuresAreDrawn();
  }
});

test("after saving and reopening, the figures are shown without the kernel; the file is small", minutes, async () => {
  await lab.save();
  const bytes = statSync(join(projectRoot(), path)).size;
  assert.ok(bytes < 2e6, `${bytes} bytes`);
  for (const { id } of (await server.api("sessions")) as { id: string }[])
    await server.api(`sessions/${id}`, { method: "DELETE" });
  await lab.open(path);
  for (const { id } of (await server.api("sessions")) as { id: string }[])
    await server.api(`sessions/${id}`, { method: "DELETE" });
  await figuresAreDrawn();
});

test("an interrupt stops training at a step with a checkpoint, and the queued cells do not run", minutes, async () => {
  await lab.open(path);
  await lab.edit("const epochs: number = 1", "const epochs: number = 50");
  await lab.edit("const maxSteps: number | null = 10", "const maxSteps: number | null = null");
  rmSync(join(folder, "checkpoints"), { recursive: true, force: true });
  await lab.command("notebook:run-all-cells");
  const cell = await lab.cell("tslora.train(classifier");
  await cell
    .locator(".tslora-progress")
    .filter({ hasText: /step ([3-9]|\d\d) of/ })
    .waitFor({ timeout: 300_000 });
  await lab.page.locator('.jp-NotebookPanel-toolbar [data-command="notebook:interrupt-kernel"]').first().click();
  await lab.untilIdle();
  await screenshot("interrupted");
  const words = await cell.locator(".tslora-progress").innerText();
  const step = Number(/Training stopped: step (\d+) of (\d+)/.exec(words)?.[1]);
  assert.ok(step >= 3, words);
  assert.deepEqual(readdirSync(join(folder, "checkpoints")).filter((name) => name.endsWith(`-${step}`)).length, 1);
  assert.ok(existsSync(join(folder, "checkpoints", `checkpoint-${step}`)));
  const cells = await lab.cells();
  const at = cells.findIndex(({ source }) => source.includes("tslora.train(classifier"));
  assert.match(cells[at].outputs.join("\n"), /"ename":"Interrupted"/);
  assert.deepEqual(
    cells
      .slice(at + 1)
      .filter(({ outputs, executionCount }) => outputs.length > 0 || executionCount !== null)
      .map(({ source }) => source),
    [],
  );
});

test("after changing the model in the parameters cell, restart and run all replaces all outputs", minutes, async () => {
  await lab.edit("const epochs: number = 50", "const epochs: number = 1");
  await lab.edit("const maxSteps: number | null = null", "const maxSteps: number | null = 4");
  await lab.edit(
    'const model: string = "embedded"',
    `const model: string = ${JSON.stringify(join(folder, "my-model"))}`,
  );
  await lab.command("notebook:restart-run-all");
  await lab.page.locator(".jp-Dialog .jp-mod-accept").click();
  await lab.page.waitForTimeout(1000);
  await lab.untilIdle();
  const cells = await lab.cells();
  assert.deepEqual(
    cells.filter(({ outputs }) => outputs.some((output) => output.includes('"output_type":"error"'))),
    [],
  );
  assert.match(cells.find(({ source }) => source.includes("resolveModel(model)"))?.outputs.join("") ?? "", /my-model/);
  assert.equal(cells.find(({ source }) => source.includes("const model: string ="))?.executionCount, 1);
  await figuresAreDrawn();
});

test("Lab shows errors with the cell's lines, and files of the library as links", minutes, async () => {
  writeFileSync(
    join(folder, "errors.ipynb"),
    JSON.stringify({
      ...(quickStudy() as object),
      cells: [
        "import * as tslora from 'tslora';\nconst corpus = await tslora.loadCorpus('sample');\ncorpus.frame",
        "const rows = 3;\nasync function load(path: string) {\n  return tslora.loadCorpus(path);\n}\nawait load('/nowhere');",
        "const n: number = 'x';",
      ].map((source, i) => ({
        cell_type: "code",
        id: `c${i}`,
        metadata: {},
        source,
        outputs: [],
        execution_count: null,
      })),
    }),
  );
  await lab.open("output/lab-test/errors.ipynb");
  await lab.command("notebook:run-all-cells");
  await lab.page
    .locator('.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"]')
    .first()
    .waitFor({ timeout: 120_000 });
  await lab.untilIdle();
  await (await lab.cell("const n: number")).click();
  await lab.command("notebook:run-cell");
  await lab.untilIdle();
  await lab.cell("import * as tslora");
  await screenshot("errors-light");
  await lab.theme("JupyterLab Dark");
  await screenshot("errors-dark");
  await lab.theme("JupyterLab Light");
  const error = (await lab.cell("const rows")).locator(".jp-OutputArea-output").last();
  assert.match(
    await error.innerText(),
    /^TsloraError: [^]*> 3 \| {3}return tslora\.loadCorpus\(path\);[^]*at load \(In \[2\], line 3, column \d+\)/,
  );
  const link = error.locator("a", { hasText: "src/corpus/files/load-path.ts" }).first();
  await link.click();
  await lab.page
    .locator('.jp-FileEditor, .lm-TabBar-tabLabel:has-text("load-path.ts")')
    .first()
    .waitFor({ timeout: 20_000 });
});
