import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { findKernelSpec } from "../../src/notebook/jupyter/find-kernelspec";
import type { ErrorOutput, Output } from "../../src/notebook/format/notebook-types";
import { parseNotebook } from "../../src/notebook/format/parse-notebook";
import { readNotebook } from "../../src/notebook/format/read-notebook";
import { runNotebook } from "../../src/notebook/run/run-notebook";
import { saveNotebook } from "../../src/notebook/format/save-notebook";
import { codeCells, isAlive, notebookOf, printed, runToEnd, withFolder } from "./notebooks";

const errorOf = (outputs: readonly Output[]): ErrorOutput | undefined =>
  outputs.find((output): output is ErrorOutput => output.output_type === "error");

function pythonKernelMissing(): string | undefined {
  try {
    const [python] = findKernelSpec("python3").argv;
    return spawnSync(python, ["-c", "import ipykernel"], { stdio: "ignore" }).status === 0
      ? undefined
      : `${python} of the kernelspec python3 has no ipykernel`;
  } catch (error) {
    return (error as Error).message;
  }
}

test("cells run in order, outputs and counts are saved, and the copy is a valid notebook after every cell", () =>
  withFolder(async (folder) => {
    const outputPath = join(folder, "out", "a.ipynb");
    const source = notebookOf([
      ["const seed: number = 1; // a number", "parameters"],
      "console.log(seed); console.error('a warning')",
      ["never()", "skip-execution"],
      "",
      'import { newDisplay, display } from "tslab"; const progress = newDisplay(); progress.text("0%");',
      'progress.text("100%"); await new Promise((done) => setImmediate(done)); display.html("<b>x</b>"); seed + 1',
    ]);
    source.cells.forEach(
      (cell) =>
        cell.cell_type === "code" &&
        Object.assign(cell, { outputs: [{ output_type: "stream", name: "stdout", text: "stale" }] }),
    );
    const before = structuredClone(source);
    const events: string[] = [];
    const run = runNotebook(source, { outputPath, cwd: folder, parameters: { seed: "41" } });
    let next = await run.next();
    for (; next.done !== true; next = await run.next()) {
      events.push(next.value.event);
      if (next.value.event === "saved") parseNotebook(await readFile(outputPath, "utf8"), outputPath);
    }
    const summary = next.value;
    assert.equal(summary.status, "ok", JSON.stringify(summary.failed));
    assert.deepEqual(source, before, "the argument is unchanged");
    assert.deepEqual([events[0], events[1], events.at(-1)], ["kernel-starting", "kernel-ready", "end"]);
    assert.deepEqual(await readdir(join(folder, "out")), ["a.ipynb"]);

    const saved = await readNotebook(outputPath);
    const cells = saved.cells.filter((cell) => cell.cell_type === "code");
    assert.deepEqual(
      cells.map(({ id }) => id),
      ["cell-1", "injected-parameters", "cell-2", "cell-3", "cell-4", "cell-5", "cell-6"],
    );
    const [, , print, skipped, , displays, last] = codeCells(summary);
    assert.equal(printed(print), "41\n");
    assert.equal(printed(print, "stderr"), "a warning\n");
    assert.deepEqual(skipped.outputs, []);
    assert.deepEqual(
      summary.cells.map(({ outcome }) => (outcome.status === "skipped" ? outcome.reason : outcome.status)),
      ["ok", "ok", "ok", "tag", "empty", "ok", "ok"],
    );
    assert.ok(
      displays.outputs.some((output) => output.output_type === "display_data" && output.data["text/plain"] === "100%"),
      "a display is updated by a later cell",
    );
    assert.equal(printed(last), "42\n");
    assert.deepEqual(
      codeCells(summary).map((cell) => cell.execution_count),
      [1, 2, 3, null, null, 4, 5],
    );
    const { execution, tslora } = print.metadata as Record<string, Record<string, string>>;
    assert.ok(Date.parse(execution["iopub.status.busy"]) <= Date.parse(execution["shell.execute_reply"]));
    assert.equal(tslora.status, "ok");
    assert.equal(saved.metadata.language_info?.name, "typescript");

    // a copy that was executed runs again: no stale outputs, the same cells
    const again = await runToEnd(outputPath, { parameters: { seed: 1 }, cwd: folder });
    assert.deepEqual(
      codeCells(again.summary).map(({ id }) => id),
      cells.map(({ id }) => id),
    );
    assert.equal(printed(codeCells(again.summary)[2]), "1\n");
  }));

test("tslab's failures are Jupyter errors with name, message and a stack in cells and lines; after raises-exception the run continues", async () => {
  const { summary } = await runToEnd(
    notebookOf([
      "interface A { x: number }\n\n// throws\nfunction fail(y: number) {\n\n  throw new TypeError(`bad ${y}`);\n}",
      ["const a: A = { x: 1 };\n\nfail(\n  a.x);", "raises-exception"],
      ["const z: number = 'a';\nmissing()", "raises-exception"],
      ["throw 'just text'", "raises-exception"],
      ["console.error('seen');\n\nawait Promise.reject(new RangeError('rejected\\nin two lines'))", "raises-exception"],
      ["class Odd extends Error { override name = 'Odd'; }\nthrow new Odd('own name')", "raises-exception"],
      [
        "setTimeout(() => { throw new Error('from a timer') }, 5); await new Promise((done) => setTimeout(done, 50))",
        "raises-exception",
      ],
      "console.log('still here')",
      ["console.log('nothing raised')", "raises-exception"],
      "never()",
    ]),
  );
  const cells = codeCells(summary);
  const errors = cells.map(({ outputs }) => errorOf(outputs));
  assert.deepEqual(
    errors.slice(0, 9).map((error) => error && [error.ename, error.evalue]),
    [
      undefined,
      ["TypeError", "bad 1"],
      ["TypeScriptError", "line 1, column 7: Type 'string' is not assignable to type 'number'. (and 1 more)"],
      ["UncaughtValue", "just text"],
      ["RangeError", "rejected\nin two lines"],
      ["Odd", "own name"],
      ["Error", "from a timer"],
      undefined,
      ["NoExceptionRaised", "The cell is tagged raises-exception, but raised none. Remove the tag, or mend the cell."],
    ],
  );
  const stack = errors[1]?.traceback.join("\n") ?? "";
  assert.match(stack, /> 6 \| {3}throw new TypeError/, "the lines around the failing one");
  assert.match(stack, /fail \(cell 1, line 6, column 9\)\n {4}at cell 2, line 3, column 1$/);
  assert.doesNotMatch(stack, /evalmachine|tslab|node:vm/);
  assert.match(errors[2]?.traceback.join("\n") ?? "", /cell 3, line 2, column 1: Cannot find name 'missing'/);
  assert.equal(printed(cells[4], "stderr"), "seen\n", "what the cell itself wrote to stderr stays");
  assert.equal(printed(cells[7]), "still here\n", "no cell is dropped after an error");
  assert.equal(summary.failed?.number, 9);
  assert.deepEqual(
    summary.cells.map(({ outcome }) => outcome.status),
    ["ok", "ok", "ok", "ok", "ok", "ok", "ok", "ok", "error", "skipped"],
  );
});

test("an unhandled rejection fails the cell that started it; the failed notebook names it at its top", () =>
  withFolder(async (folder) => {
    const outputPath = join(folder, "a.ipynb");
    const { summary, pid } = await runToEnd(
      notebookOf(["1", "console.log('fine');\nPromise.reject(new Error('nobody listens'));", "never()"]),
      { outputPath },
    );
    assert.equal(summary.status, "error");
    assert.equal(summary.failed?.number, 2);
    const { error } = summary.failed?.outcome as { error: ErrorOutput };
    assert.equal(error.evalue, "nobody listens");
    assert.match(error.traceback.join("\n"), /not awaited[\s\S]*cell 2, line 2/);
    const saved = await readNotebook(outputPath);
    assert.match(saved.cells[0].source, /This run failed.*cell 2.*nobody listens/);
    assert.equal(
      saved.cells.findIndex(({ id }) => id === "tslora-error-cell") + 1,
      saved.cells.findIndex(({ id }) => id === "cell-2"),
    );
    assert.ok(!isAlive(pid));

    const mended = {
      ...saved,
      cells: saved.cells.map((cell) =>
        cell.id === "cell-2" || cell.id === "cell-3" ? { ...cell, source: "2" } : cell,
      ),
    };
    await saveNotebook(mended, outputPath);
    const again = await runToEnd(outputPath);
    assert.deepEqual(
      again.summary.notebook.cells.map(({ id }) => id),
      ["cell-1", "cell-2", "cell-3"],
      "marks of the earlier run are gone",
    );
  }));

test("with onError continue every cell runs and the run is still an error", async () => {
  const { summary } = await runToEnd(
    notebookOf(["throw new Error('one')", "console.log('two')", "nope", "console.log('four')"]),
    { onError: "continue" },
  );
  assert.deepEqual(
    summary.cells.map(({ outcome }) => outcome.status),
    ["error", "ok", "error", "ok"],
  );
  assert.equal(summary.status, "error");
  assert.equal(printed(codeCells(summary)[3]), "four\n");
});

test("a cell that prints thousands of lines at once loses none, and ends", async () => {
  const { summary } = await runToEnd(
    notebookOf(["for (let i = 0; i < 5000; i++) console.log(i);", "console.log('next')"]),
    { cellTimeoutMs: 60_000 },
  );
  const [many, next] = codeCells(summary);
  assert.equal(printed(many), Array.from({ length: 5000 }, (_, i) => `${i}\n`).join(""));
  assert.equal(printed(next), "next\n");
});

test("the kernel runs in the notebook's folder with the given environment variables", () =>
  withFolder(async (folder) => {
    const path = join(folder, "with blank.ipynb");
    await saveNotebook(notebookOf(["console.log(process.cwd()); console.log(process.env.OF_THE_TEST)"]), path);
    const { summary } = await runToEnd(path, {
      cwd: undefined,
      env: { OF_THE_TEST: "yes" },
      outputPath: join(folder, "out", "x.ipynb"),
    });
    assert.match(printed(codeCells(summary)[0]), new RegExp(`${folder}\nyes\n$`));
  }));

test("bad input is refused before anything is written", () =>
  withFolder(async (folder) => {
    const outputPath = join(folder, "out.ipynb");
    await writeFile(join(folder, "broken.ipynb"), '{"cells": [');
    await assert.rejects(runToEnd(join(folder, "broken.ipynb"), { outputPath }), /line 1, column 12/);
    await assert.rejects(runToEnd(notebookOf(["1"]), { outputPath, parameters: { a: 1 } }), /no cell tagged/);
    await assert.rejects(
      runToEnd(notebookOf(["1"]), { outputPath, kernel: "no-such-kernel" }),
      /no kernel called "no-such-kernel"; found .*tslab/,
    );
    await assert.rejects(
      runToEnd(notebookOf(["1"]), { outputPath, cellTimeoutMs: -1, timeoutMs: NaN }),
      /cellTimeoutMs[\s\S]*timeoutMs/,
    );
    assert.deepEqual(await readdir(folder), ["broken.ipynb"]);
  }));

test("a Python notebook runs by its kernelspec, as any kernel does", async (context) => {
  const missing = pythonKernelMissing();
  if (missing !== undefined) return context.skip(missing);
  const python = notebookOf(
    [
      ["n = 1", "parameters"],
      "import sys\nprint(n, end='\\r\\n')\nprint('warned', file=sys.stderr)\nn + 1",
      "from IPython.display import display, clear_output\nh = display('first', display_id=True)\nprint('gone'); clear_output(wait=True); print('kept')",
      "h.update('second')",
      ["1 / 0", "raises-exception"],
      ["input()", "raises-exception"],
      "raise ValueError('stops here')",
      "print('not reached')",
    ],
    "python3",
  );
  const { summary, pid } = await runToEnd(python, { parameters: { n: 5 } });
  const [, , first, second, , zero, input, value] = codeCells(summary);
  assert.equal(printed(first), "5\n");
  assert.ok(
    first.outputs.some(
      (output) =>
        output.output_type === "execute_result" &&
        output.data["text/plain"] === "6" &&
        output.execution_count === first.execution_count,
    ),
  );
  assert.deepEqual(
    second.outputs.map((output) => output.output_type),
    ["stream"],
  );
  assert.equal(printed(second), "kept\n");
  assert.equal(errorOf(zero.outputs)?.ename, "ZeroDivisionError");
  assert.equal(errorOf(input.outputs)?.ename, "StdinNotImplementedError");
  assert.equal(value.outputs.filter((output) => output.output_type === "error").length, 1);
  assert.equal(summary.failed?.number, 8);
  assert.ok(!isAlive(pid));
});

test("an error that a library throws in a cell without await has its own name, not the place that Node prints before it", async () => {
  const { summary } = await runToEnd(
    notebookOf(['import { readFileSync } from "fs";\nreadFileSync("/no/such file");']),
    {},
  );
  const [output] = codeCells(summary)[0].outputs.filter((o) => o.output_type === "error");
  assert.ok(output.output_type === "error");
  assert.equal(output.ename, "Error");
  assert.match(output.evalue, /^ENOENT: no such file/);
});
