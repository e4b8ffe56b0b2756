import assert from "node:assert/strict";
import { test } from "node:test";

import { parseNotebook } from "../../src/notebook/format/parse-notebook";
import { oddNotebook, withOddKernel } from "./odd-kernel";
import { codeCells, printed, runToEnd } from "./notebooks";

/** A cell that is interrupted fails, as nbclient's does; the second prints. */
const CELLS = oddNotebook([
  [
    ["print", "a"],
    ["wait", 600_000],
  ],
  [["print", "next"]],
]);

test("a cell that is interrupted at its limit has failed; a run that allows errors continues after it", () =>
  withOddKernel(async (folder) => {
    const options = { cwd: folder, cellTimeoutMs: 1500, interruptOnTimeout: true, graceMs: 20_000 };
    const on = (await runToEnd(CELLS, { ...options, onError: "continue" })).summary;
    assert.equal(on.status, "timeout");
    assert.deepEqual(
      on.cells.map(({ outcome }) => outcome.status),
      ["timeout", "ok"],
    );
    assert.equal(printed(codeCells(on)[1]), "next");
    const [first] = on.cells;
    assert.equal(
      "error" in first.outcome && first.outcome.error.ename,
      "Interrupted",
      "the kernel's own error, as with nbclient",
    );
    const stopped = (await runToEnd(CELLS, options)).summary;
    assert.deepEqual(
      stopped.cells.map(({ outcome }) => outcome.status),
      ["timeout", "skipped"],
    );
  }));

test("without the option, and with the limit of the whole notebook, a limit ends the run", () =>
  withOddKernel(async (folder) => {
    for (const limits of [{ cellTimeoutMs: 1500 }, { timeoutMs: 1500, interruptOnTimeout: true }]) {
      const { summary } = await runToEnd(CELLS, { cwd: folder, graceMs: 20_000, onError: "continue", ...limits });
      assert.deepEqual(
        summary.cells.map(({ outcome }) => outcome.status),
        ["timeout", "skipped"],
      );
    }
  }));

test("a kernelspec without a name is skipped, one without a display name is completed, and a run sets both", () =>
  withOddKernel(async (folder) => {
    const text = (metadata: unknown): string => JSON.stringify({ ...oddNotebook([[["print", "x"]]]), metadata });
    for (const metadata of [
      { kernelspec: { display_name: "x" } },
      { kernelspec: { name: "", display_name: "x" } },
      { kernelspec: "odd" },
      { kernelspec: null, language_info: { version: 1 } },
      { kernelspec: {}, language_info: "odd" },
      {},
      { kernelspec: { name: "gone", display_name: "x" } },
    ]) {
      const notes: string[] = [];
      const notebook = parseNotebook(text(metadata), "x", { onNote: (note) => notes.push(note) });
      if (!JSON.stringify(metadata).includes("gone"))
        await assert.rejects(
          runToEnd(notebook, { cwd: folder }),
          /names no kernel in its metadata. Choose one with --kernel/,
        );
      const { summary } = await runToEnd(notebook, { kernel: "odd", cwd: folder });
      assert.equal(summary.status, "ok");
      assert.deepEqual(summary.notebook.metadata.kernelspec, { name: "odd", display_name: "Odd", language: "odd" });
      if ("language_info" in metadata) assert.ok(notes.some((note) => note.includes("language_info")));
    }
    assert.deepEqual(
      parseNotebook(text({ kernelspec: { name: "odd", display_name: null, more: 1 } }), "x").metadata.kernelspec,
      { name: "odd", display_name: "odd", more: 1 },
    );
    for (const metadata of [5, null, [], "x"])
      assert.throws(() => parseNotebook(text(metadata), "x"), /not a valid notebook: metadata/);
  }));
