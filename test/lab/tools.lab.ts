import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import { promisify } from "node:util";

import { projectRoot } from "../../src/base/project-root";

// The notebooks by other people's tools: nbconvert and papermill, with the clone's kernelspecs.

const folder = join(projectRoot(), "output", "lab-tools");
const python = process.env.TSLORA_LAB_PYTHON ?? "python3";
const STUDY = "01-study.ipynb";
const NOTEBOOKS = ["00-environment.ipynb", STUDY, "02-comparative-study.ipynb", "03-weighted-loss-and-threshold.ipynb"]; // 02 reads what 01 wrote
const QUICK = { model: "embedded", data: "sample", maxSteps: 4, maxLength: 64 };
const minutes = { timeout: 600_000 };

async function run(...parameters: string[]): Promise<void> {
  const env = { ...process.env, TSLORA_OUTPUT: folder };
  await promisify(execFile)(python, ["-m", ...parameters], { cwd: join(projectRoot(), "notebooks"), env, maxBuffer: 1e8 });
}

interface Executed {
  readonly cells: readonly { readonly cell_type: string; readonly execution_count?: number | null; readonly outputs?: readonly { readonly output_type: string; readonly data?: Readonly<Record<string, unknown>> }[] }[];
}

const read = (path: string): Executed => JSON.parse(readFileSync(path, "utf8")) as Executed;

/** Every code cell was executed, none failed, and figures have both forms. */
function check(name: string, executed: Executed): void {
  const code = executed.cells.filter(({ cell_type: type }) => type === "code");
  assert.deepEqual(code.filter(({ execution_count: count }) => typeof count !== "number"), []);
  const outputs = code.flatMap((cell) => cell.outputs ?? []);
  assert.deepEqual(outputs.filter(({ output_type: type }) => type === "error"), []);
  if (name === STUDY) assert.equal(outputs.filter(({ data }) => data?.["image/svg+xml"] !== undefined).length, 6);
}

before(() => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
});

test("papermill -k tslora executes every notebook", minutes, async () => {
  for (const name of NOTEBOOKS) {
    const output = join(folder, name);
    // papermill has no translator for TypeScript: parameters are put into the cell that has them.
    const input = join(folder, `in-${name}`);
    const notebook = JSON.parse(readFileSync(join(projectRoot(), "notebooks", name), "utf8")) as { cells: { metadata: { tags?: string[] }; source: string[] | string }[] };
    for (const cell of notebook.cells) {
      if (!cell.metadata.tags?.includes("parameters")) continue;
      cell.source = Object.entries(QUICK).reduce((source, [key, value]) => source.replace(new RegExp(`(const ${key}\\b[^=]*=) [^;]*;`), `$1 ${JSON.stringify(value)};`), [cell.source].flat().join(""));
    }
    writeFileSync(input, JSON.stringify(notebook));
    await run("papermill", input, output, "-k", "tslora", "--cwd", join(projectRoot(), "notebooks"), "--no-progress-bar");
    check(name, read(output));
    assert.ok(statSync(output).size < 2e6);
  }
});

test("papermill stops at a failing cell and keeps its error", minutes, async () => {
  const input = join(folder, "failing.ipynb");
  const source = ["1;\nthrow new RangeError('too far');", "console.log('never')"];
  writeFileSync(input, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: { kernelspec: { name: "tslora", display_name: "", language: "typescript" } }, cells: source.map((text, i) => ({ cell_type: "code", id: `c${i}`, metadata: {}, source: text, outputs: [], execution_count: null })) }));
  await assert.rejects(run("papermill", input, join(folder, "failed.ipynb"), "--no-progress-bar"), /RangeError: too far/);
  assert.match(readFileSync(join(folder, "failed.ipynb"), "utf8"), /"ename": "RangeError"/);
  await assert.rejects(run("nbconvert", "--execute", "--to", "notebook", "--output-dir", folder, "--output", "failed-2", input), /RangeError.*: too far/);
});

test("nbconvert --execute makes a notebook, and a page with the figures in it", minutes, async () => {
  const input = join(folder, `in-${STUDY}`);
  await run("nbconvert", "--execute", "--to", "notebook", "--ExecutePreprocessor.kernel_name=tslora", "--output-dir", folder, "--output", "converted.ipynb", input);
  check(STUDY, read(join(folder, "converted.ipynb")));
  for (const name of NOTEBOOKS.filter((other) => !/^0[13]/.test(other))) {
    await run("nbconvert", "--execute", "--to", "html", "--output-dir", folder, "--output", `${name}.html`, join(folder, `in-${name}`));
    assert.match(readFileSync(join(folder, `${name}.html`), "utf8"), /<table class="dataframe">/);
  }
  await run("nbconvert", "--to", "html", "--output-dir", folder, "--output", "study.html", join(folder, "converted.ipynb"));
  const page = readFileSync(join(folder, "study.html"), "utf8");
  assert.equal(page.split('class="tslora-figure"').length - 1, 6);
});
