import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, test } from "node:test";

import { readNotebook } from "../../src/notebook/format/read-notebook";
import type { CellOutcome } from "../../src/notebook/run/run-events";
import { runNotebook } from "../../src/notebook/run/run-notebook";
import type { RunOptions } from "../../src/notebook/run/run-options";
import { repeatWithMore } from "../base/repeat-with-more";
import { codeCells, isAlive, notebookOf, printed, runToEnd, withFolder } from "./notebooks";

// This file's own temporary folder: other test files that run at the same time start kernels too.
const temporary = mkdtempSync(join(tmpdir(), "tslora-kernel-end-"));
process.env.TMPDIR = temporary;
after(() => rmSync(temporary, { recursive: true, force: true }));
const connectionFolders = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith("tslora-kernel-"));
const before = connectionFolders();

/** A cell that starts a child of the kernel which would run for a long time, and prints its id. */
const CHILD = 'import { spawn } from "child_process"; console.log(spawn("sleep", ["1000"]).pid)';
const childOf = (summary: Parameters<typeof codeCells>[0]): number => Number(printed(codeCells(summary)[0]));

afterEach(() =>
  assert.deepEqual(
    connectionFolders().filter((name) => !before.includes(name)),
    [],
    "no connection file is left",
  ),
);

test("a kernel that exits or is killed is reported at once, with its cause, and leaves no child", () =>
  withFolder(async (folder) => {
    for (const [code, expected, exit] of [
      ["process.exit(3)", /exited with code 3/, { code: 3, signal: null }],
      ['process.kill(process.pid, "SIGKILL")', /signal SIGKILL \(out of memory\?\)/, { code: null, signal: "SIGKILL" }],
    ] as const) {
      const outputPath = join(folder, "a.ipynb");
      const { summary, pid } = await runToEnd(notebookOf([CHILD, `console.log("before");\n${code}`, "never()"]), {
        outputPath,
      });
      assert.equal(summary.status, "dead");
      const outcome = summary.failed?.outcome as Extract<CellOutcome, { status: "dead" }>;
      assert.match(outcome.error.evalue, expected);
      assert.deepEqual(outcome.exit, exit);
      assert.ok(!isAlive(pid) && !isAlive(childOf(summary)));
      const saved = await readNotebook(outputPath);
      assert.match(saved.cells[0].source, /This run failed/);
      assert.match(JSON.stringify(saved), /before/, "what the cell printed before its end is kept");
    }
  }));

/**
 * Runs a cell that starts a child and one that loops without end, under a limit that the loop reaches: where a busy
 * machine reached it before the loop began, the run is repeated with a longer limit.
 */
function runToLimit(
  before: string,
  limits: (ms: number) => RunOptions,
): Promise<{ run: Awaited<ReturnType<typeof runToEnd>>; ms: number }> {
  const attempt = async (
    ms: number,
  ): Promise<{ run: Awaited<ReturnType<typeof runToEnd>>; ms: number } | undefined> => {
    const mark = join(temporary, `loop-${ms}`);
    rmSync(mark, { force: true });
    const loop = `import { writeFileSync } from "fs";\n${before}writeFileSync(${JSON.stringify(mark)}, "on");\nwhile (true) {}`;
    const run = await runToEnd(notebookOf([CHILD, loop, "never()"]), limits(ms));
    if (existsSync(mark)) return { run, ms };
    assert.equal(run.summary.status, "timeout");
    assert.ok(!isAlive(run.pid), "the limit holds before the loop too");
    return undefined;
  };
  return repeatWithMore(attempt, { firstMs: 2500 });
}

test("an endless loop is interrupted at its limit; one that ignores the interrupt is ended with its children", async () => {
  const { run: interrupted, ms } = await runToLimit("", (cellTimeoutMs) => ({ cellTimeoutMs, graceMs: 300_000 }));
  assert.equal(interrupted.summary.status, "timeout");
  const { evalue } = (interrupted.summary.failed?.outcome as { error: { evalue: string } }).error;
  // on a busy machine the loop may block the kernel for longer than a healthy one is silent
  const blocked = / The kernel had not answered for [\d.]+ s: one long computation blocks it\.$/;
  assert.equal(evalue.replace(blocked, ""), `The cell was not done after ${ms / 1000} s, its limit.`);
  assert.ok(!isAlive(interrupted.pid) && !isAlive(childOf(interrupted.summary)));

  const { run: deaf } = await runToLimit("await 1;\n", (timeoutMs) => ({ timeoutMs, graceMs: 500 }));
  const outcome = deaf.summary.failed?.outcome as Extract<CellOutcome, { status: "timeout" }>;
  assert.equal(outcome.limit, "notebook");
  assert.match(outcome.error.evalue, /did not react to the interrupt/);
  assert.ok(!isAlive(deaf.pid) && !isAlive(childOf(deaf.summary)));
});

test("an abort interrupts the cell, saves the notebook and ends the kernel", () =>
  withFolder(async (folder) => {
    const controller = new AbortController();
    const outputPath = join(folder, "a.ipynb");
    let pid = -1;
    let status: string | undefined;
    for await (const event of runNotebook(
      notebookOf([
        "console.log('done')",
        "console.log('waits'); await new Promise(() => setInterval(() => 0, 1000))",
        "never()",
      ]),
      { outputPath, cwd: folder, signal: controller.signal },
    )) {
      if (event.event === "kernel-ready") pid = event.pid ?? -1;
      if (event.event === "output" && event.number === 2) controller.abort();
      if (event.event === "end") status = event.summary.status;
    }
    assert.equal(status, "aborted");
    assert.ok(!isAlive(pid));
    const saved = await readNotebook(outputPath);
    assert.deepEqual(
      saved.cells
        .filter((cell) => cell.cell_type === "code")
        .map((cell) => (cell.metadata.tslora as { status: string }).status),
      ["ok", "aborted", "skipped"],
    );
  }));

test("a break out of the loop over a run ends its kernel", async () => {
  let pid = -1;
  for await (const event of runNotebook(notebookOf(["1", "2"]))) {
    if (event.event === "kernel-ready") pid = event.pid ?? -1;
    if (event.event === "cell-end") break;
  }
  assert.ok(pid > 0 && !isAlive(pid));
});
