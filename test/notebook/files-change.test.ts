import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { codeCells, notebookOf, printed, runToEnd, withFolder } from "./notebooks";

// An installation, a compiler or an editor writes files while a cell runs; TypeScript watches them in the kernel.

/** Replaces the module `side` a few times while the cell runs, and puts up and takes down what is not found. */
const REPLACE = `import { mkdirSync, rmSync, watch, writeFileSync } from "fs";
const changes = watch(".");
const seen = async (change: () => void) => {
  const next = new Promise<void>((resolve) => changes.once("change", () => setImmediate(resolve)));
  change();
  await next;
};
for (let round = 0; round < 5; round++) {
  await seen(() => rmSync("side", { recursive: true }));
  await seen(() => mkdirSync("side"));
  writeFileSync("side/index.d.ts", "export declare const n: number;");
  writeFileSync("side/index.js", "exports.n = 2");
  await seen(() => mkdirSync("node_modules/missing", { recursive: true }));
  await seen(() => rmSync("node_modules", { recursive: true }));
}
changes.close();
console.log("done");`;

for (const kernel of ["tslab", "tslora"]) {
  test(
    `files that change in the folder while a cell runs fail neither it nor the next one: ${kernel}`,
    { timeout: 300_000 },
    () =>
      withFolder(async (folder) => {
        await mkdir(join(folder, "side"));
        await writeFile(join(folder, "side", "index.d.ts"), "export declare const n: number;");
        await writeFile(join(folder, "side", "index.js"), "exports.n = 1");
        const cells = [
          'import * as side from "./side";\nconsole.log(side.n);',
          REPLACE,
          'writeFileSync("late.ts", "export const m = 5;");\nconsole.log(side.n + 1);',
          'import { m } from "./late";\nconsole.log(m);', // a module that was not there before is found
        ];
        const { summary } = await runToEnd(notebookOf(cells, kernel), { cwd: folder });
        assert.equal(summary.status, "ok", JSON.stringify(summary.failed?.outcome));
        assert.deepEqual(
          codeCells(summary).map((cell) => printed(cell).trim()),
          ["1", "done", "2", "5"],
        );
        assert.deepEqual(
          codeCells(summary).map((cell) => printed(cell, "stderr")),
          ["", "", "", ""],
        );
      }),
  );
}
