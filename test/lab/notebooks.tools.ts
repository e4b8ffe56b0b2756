import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { promisify } from "node:util";

import { projectRoot } from "../../src/base/project-root";

// The notebooks by other people's tools, nbconvert and papermill: with the clone's kernel, and with a plain tslab.

const folder = join(projectRoot(), "output", "lab-tools");
const python = process.env.TSLORA_JUPYTER_PYTHON ?? "python3";
/** 02 reads what 01 wrote. */
const NOTEBOOKS = [
  "00-environment",
  "01-study",
  "02-comparative-study",
  "03-weighted-loss-and-threshold",
  "04-export-and-reuse",
  "05-evidence",
  "06-sweep",
];
/**
 * In a plain tslab every notebook runs here, and in the clone's kernel CI runs each by tslora. Other tools start that
 * kernel and read its messages in the same way for every notebook: a few are enough for each.
 */
const BY_PAPERMILL = ["01-study", "02-comparative-study"];
const BY_NBCONVERT = ["03-weighted-loss-and-threshold"];
const FIGURES: Readonly<Record<string, number>> = {
  "00-environment": 0,
  "01-study": 6,
  "02-comparative-study": 1,
  "03-weighted-loss-and-threshold": 11,
  "04-export-and-reuse": 1,
  "05-evidence": 3,
  "06-sweep": 5,
};
const QUICK = { model: "embedded", data: "sample", maxSteps: 2, maxLength: 32 };
const minutes = { timeout: 900_000 };

/** Runs a Python module; what notebooks write goes to a folder of its own below `folder`. */
async function run(output: string, ...parameters: string[]): Promise<void> {
  const env = {
    ...process.env,
    TSLORA_OUTPUT: join(folder, output),
    JUPYTER_PATH: join(folder, "jupyter"),
    PYDEVD_DISABLE_FILE_VALIDATION: "1",
  };
  await promisify(execFile)(python, ["-m", ...parameters], {
    cwd: join(projectRoot(), "notebooks"),
    env,
    maxBuffer: 1e8,
  });
}

interface Executed {
  readonly cells: readonly {
    readonly cell_type: string;
    readonly execution_count?: number | null;
    readonly outputs?: readonly {
      readonly output_type: string;
      readonly name?: string;
      readonly data?: Readonly<Record<string, unknown>>;
    }[];
  }[];
}

/** Every code cell was executed, none failed, and figures have both forms. */
function check(name: string, path: string): void {
  const executed = JSON.parse(readFileSync(path, "utf8")) as Executed;
  const code = executed.cells.filter(({ cell_type: type }) => type === "code");
  assert.deepEqual(
    code.filter(({ execution_count: count }) => typeof count !== "number"),
    [],
  );
  const outputs = code.flatMap((cell) => cell.outputs ?? []);
  assert.deepEqual(
    outputs.filter(({ output_type: type, name: stream }) => type === "error" || stream === "stderr"),
    [],
    name,
  );
  assert.equal(outputs.filter(({ data }) => data?.["image/svg+xml"] !== undefined).length, FIGURES[name], name);
  assert.ok(statSync(path).size < 2e6, name);
}

before(() => {
  rmSync(folder, { recursive: true, force: true });
  const kernel = join(folder, "jupyter", "kernels", "plain-tslab");
  mkdirSync(kernel, { recursive: true });
  const argv = [
    process.execPath,
    join(projectRoot(), "node_modules", "tslab", "bin", "tslab"),
    "kernel",
    "--config-path={connection_file}",
  ]; // as `tslab install` writes it
  writeFileSync(
    join(kernel, "kernel.json"),
    JSON.stringify({ argv, display_name: "TypeScript", language: "typescript" }),
  );
  for (const name of NOTEBOOKS) {
    // Neither tool has parameters for TypeScript: they are put into the cell that has them.
    const notebook = JSON.parse(readFileSync(join(projectRoot(), "notebooks", `${name}.ipynb`), "utf8")) as {
      cells: { metadata: { tags?: string[] }; source: string[] | string }[];
    };
    for (const cell of notebook.cells) {
      if (!cell.metadata.tags?.includes("parameters")) continue;
      cell.source = Object.entries(QUICK).reduce(
        (source, [key, value]) =>
          source.replace(new RegExp(`(const ${key}\\b[^=]*=) [^;]*;`), `$1 ${JSON.stringify(value)};`),
        [cell.source].flat().join(""),
      );
    }
    writeFileSync(join(folder, `${name}.ipynb`), JSON.stringify(notebook));
  }
});

describe("notebooks", { concurrency: true }, () => {
  test("papermill -k tslora", minutes, async () => {
    for (const name of BY_PAPERMILL) {
      const output = join(folder, `${name}-papermill.ipynb`);
      await run(
        "papermill",
        "papermill",
        join(folder, `${name}.ipynb`),
        output,
        "-k",
        "tslora",
        "--cwd",
        join(projectRoot(), "notebooks"),
        "--no-progress-bar",
      );
      check(name, output);
    }
  });

  test("jupyter nbconvert --execute --to notebook, in the clone's kernel", minutes, async () => {
    for (const name of BY_NBCONVERT) {
      await run(
        "nbconvert",
        "nbconvert",
        "--execute",
        "--to",
        "notebook",
        "--ExecutePreprocessor.kernel_name=tslora",
        "--output-dir",
        folder,
        "--output",
        `${name}-nbconvert`,
        join(folder, `${name}.ipynb`),
      );
      check(name, join(folder, `${name}-nbconvert.ipynb`));
    }
  });

  test("jupyter nbconvert --execute --to html, every notebook, in a plain tslab", minutes, async () => {
    for (const name of NOTEBOOKS) {
      await run(
        "html",
        "nbconvert",
        "--execute",
        "--to",
        "html",
        "--ExecutePreprocessor.kernel_name=plain-tslab",
        "--output-dir",
        folder,
        "--output",
        name,
        join(folder, `${name}.ipynb`),
      );
      const page = readFileSync(join(folder, `${name}.html`), "utf8");
      assert.equal(page.split('class="tslora-figure"').length - 1, FIGURES[name], name);
      assert.match(page, /<table class="dataframe">/, name);
      assert.doesNotMatch(page, /<div[^>]*"application\/vnd\.jupyter\.stderr"/, name); // tslab prints its errors there
    }
  });
});

test("papermill and nbconvert stop at a failing cell and keep its error", minutes, async () => {
  const input = join(folder, "failing.ipynb");
  const source = ["1;\nthrow new RangeError('too far');", "console.log('never')"];
  writeFileSync(
    input,
    JSON.stringify({
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { kernelspec: { name: "tslora", display_name: "", language: "typescript" } },
      cells: source.map((text, i) => ({
        cell_type: "code",
        id: `c${i}`,
        metadata: {},
        source: text,
        outputs: [],
        execution_count: null,
      })),
    }),
  );
  await assert.rejects(
    run("failing", "papermill", input, join(folder, "failed.ipynb"), "--no-progress-bar"),
    /RangeError: too far/,
  );
  assert.match(readFileSync(join(folder, "failed.ipynb"), "utf8"), /"ename": "RangeError"/);
  await assert.rejects(
    run("failing", "nbconvert", "--execute", "--to", "notebook", "--output-dir", folder, "--output", "failed-2", input),
    /RangeError.*: too far/,
  );
});
