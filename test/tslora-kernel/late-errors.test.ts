import assert from "node:assert/strict";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import type { Notebook } from "../../src/notebook/format/notebook-types";
import type { RunOptions } from "../../src/notebook/run/run-options";
import type { RunSummary } from "../../src/notebook/run/run-events";
import { notebookOf, runToEnd } from "../notebook/notebooks";
import { oddNotebook, withOddKernel } from "../notebook/odd-kernel";

const EMITTER = "import { EventEmitter } from 'node:events';";
const WORKER = "import { Worker } from 'node:worker_threads';";

/** Cells that cause an unhandled error, while they run or right after. */
const CELLS: Readonly<Record<string, readonly string[]>> = {
  "a rejection": ["void Promise.reject(new Error('lost'))"],
  "a rejection that is the result": ["Promise.reject(new Error('lost'))"],
  "a rejection before an await": [
    "void Promise.reject(new Error('lost')); await new Promise((done) => setTimeout(done, 50));",
  ],
  "an async function that nobody awaits": [
    "async function lose() { await null; throw new Error('lost'); }\nvoid lose();",
  ],
  "a microtask": ["queueMicrotask(() => { throw new Error('lost') })"],
  "an event that nobody listens to": [
    `${EMITTER} process.nextTick(() => new EventEmitter().emit('error', new Error('lost')))`,
  ],
  "a worker": [
    `${WORKER} new Worker("throw new Error('lost')", { eval: true }); await new Promise((done) => process.once('uncaughtException', done));`,
  ],
  "a timer, in the next cell": [
    "const next = { runs: false }; const timer = setInterval(() => { if (next.runs) { clearInterval(timer); throw new Error('lost') } }, 1);",
    "next.runs = true; await new Promise((done) => process.once('uncaughtException', done));",
  ],
};

const errorsIn = ({ notebook }: RunSummary): number =>
  notebook.cells.flatMap((cell) =>
    cell.cell_type === "code" ? cell.outputs.filter(({ output_type }) => output_type === "error") : [],
  ).length;

/** No notebook with an error is a success, and none that failed lacks one. */
function assertConsistent(summary: RunSummary): void {
  const failed = summary.cells.filter(({ outcome }) => outcome.status === "error");
  assert.equal(summary.status === "ok", failed.length === 0);
  assert.equal(errorsIn(summary) > 0, failed.length > 0, JSON.stringify(summary.cells.map(({ outcome }) => outcome)));
}

for (const [title, cells] of Object.entries(CELLS)) {
  test(`an unhandled error fails the run: ${title}`, { timeout: 120_000 }, async () => {
    const { summary } = await runToEnd(notebookOf(cells, "tslora"), { cwd: projectRoot() });
    assert.equal(summary.status, "error");
    assert.match(JSON.stringify(summary.failed?.outcome), /lost/);
    assertConsistent(summary);
  });
}

test(
  "errors between cells and after the last one are either in both notebook and outcome, or in neither",
  { timeout: 300_000 },
  async () => {
    const trio = (ms: number): string[] => [
      `setTimeout(() => { throw new Error('one') }, ${ms}); 1`,
      "2",
      `setTimeout(() => void Promise.reject(new Error('two')), ${ms}); 3`,
    ];
    const options: RunOptions = { cwd: projectRoot(), onError: "continue" };
    for (const kernel of ["tslora", "tslab"]) {
      for (const times of [
        [20, 5, 1, 0],
        [0, 1, 5],
      ]) {
        const { summary } = await runToEnd(notebookOf(times.flatMap(trio), kernel), options);
        assertConsistent(summary);
      }
    }
  },
);

test("a late error fails its cell in any kernel; a cell tagged raises-exception may have several errors", () =>
  withOddKernel(async (cwd) => {
    const error = { ename: "Late", evalue: "after idle", traceback: ["Late: after idle"] };
    const notebook = oddNotebook([[["later", ["error", error]]], [["print", "next"]], [["print", "on"]]]);
    const { summary, events } = await runToEnd(notebook, { cwd, onError: "continue" });
    assert.deepEqual(
      events.flatMap((event) =>
        event.event === "cell-end" || event.event === "cell-failed-late"
          ? [[event.event, event.number, event.report.outcome.status]]
          : [],
      ),
      [
        ["cell-end", 1, "ok"],
        ["cell-failed-late", 1, "error"],
        ["cell-end", 2, "ok"],
        ["cell-end", 3, "ok"],
      ],
    );
    assert.deepEqual(
      summary.cells.map(({ outcome }) => outcome.status),
      ["error", "ok", "ok"],
    );
    assert.equal(summary.status, "error");
    assertConsistent(summary);

    const stopped = await runToEnd(notebook, { cwd });
    assert.deepEqual(
      stopped.summary.cells.map(({ outcome }) => outcome.status),
      ["error", "ok", "skipped"],
    );

    const last = await runToEnd(oddNotebook([[["later", ["error", error]]]]), { cwd });
    assert.equal(last.summary.status, "error");
    assertConsistent(last.summary);

    const tagged = oddNotebook([
      [
        ["fail", "Wanted"],
        ["later", ["error", error]],
      ],
      [["print", "next"]],
    ]);
    const [first, ...rest] = tagged.cells;
    const expected = await runToEnd(
      { ...tagged, cells: [{ ...first, metadata: { tags: ["raises-exception"] } }, ...rest] as Notebook["cells"] },
      { cwd },
    );
    assert.deepEqual(
      expected.summary.cells.map(({ outcome }) => outcome.status),
      ["ok", "ok"],
    );
  }));

test("any thrown value is described, also one whose properties throw", { timeout: 120_000 }, async () => {
  const odd = "throw { get message() { throw new Error('no') }, get stack(): string { throw new Error('no') } };";
  const { summary } = await runToEnd(
    notebookOf([odd, "throw undefined;", "throw null;", "throw Object.create(null);"], "tslora"),
    { cwd: projectRoot(), onError: "continue" },
  );
  assert.deepEqual(
    summary.cells.map(({ outcome }) => outcome.status),
    ["error", "error", "error", "error"],
  );
});

for (const kernel of ["tslora", "tslab"]) {
  test(
    `standard input is empty in ${kernel}, for cells and their child processes, and a prompt fails at once`,
    { timeout: 120_000 },
    async () => {
      const cells = [
        "import * as fs from 'node:fs'; console.log(fs.readSync(0, Buffer.alloc(4)), JSON.stringify(fs.readFileSync(0, 'utf8')))",
        "await new Promise((done) => process.stdin.on('end', done).resume()); console.log('end')",
        "import * as readline from 'node:readline'; const lines = readline.createInterface({ input: process.stdin }); await new Promise((done) => lines.on('close', done)); console.log('closed')",
        "import { createInterface } from 'node:readline/promises'; await createInterface({ input: process.stdin, output: process.stdout }).question('Your name? ')",
        "import * as asking from 'node:readline'; await new Promise<string>((done) => asking.createInterface({ input: process.stdin, output: process.stdout }).question('Your age? ', done))",
        "import { execSync } from 'node:child_process'; console.log(execSync('cat; echo read', { stdio: ['inherit', 'pipe', 'inherit'] }).toString().trim())",
      ];
      const { summary } = await runToEnd(notebookOf(cells, kernel), {
        cwd: projectRoot(),
        onError: "continue",
        cellTimeoutMs: 60_000,
      });
      assert.deepEqual(
        summary.cells.map(({ outcome }) => outcome.status),
        ["ok", "ok", "ok", "error", "error", "ok"],
      );
      assert.match(JSON.stringify(summary.cells[3].outcome), /asks for input \(\\"Your name\?\\"\)/);
      assert.match(JSON.stringify(summary.notebook.cells[5]), /read/);
    },
  );
}
