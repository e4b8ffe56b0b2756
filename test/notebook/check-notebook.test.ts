import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";

import { checkNotebook } from "../../src/notebook/check/check-notebook";
import { saveNotebook } from "../../src/notebook/format/save-notebook";
import { notebookOf, withFolder, type CellText } from "./notebooks";
import { projectRoot } from "../../src/base/project-root";

async function problemsOf(cells: readonly CellText[]): Promise<unknown> {
  let problems: unknown;
  await withFolder(async (folder) => {
    const path = join(folder, "a.ipynb");
    await saveNotebook(notebookOf(cells), path);
    const result = await checkNotebook(path, { cwd: projectRoot() });
    problems =
      result.kind === "checked"
        ? result.problems.map(({ cell, line, column, message }) => [cell, line, column, message])
        : result;
  });
  return problems;
}

test("code that tslab accepts has no problem: top-level await, names declared again, imports, types of earlier cells", async () => {
  assert.deepEqual(
    await problemsOf([
      'import { readFile } from "fs/promises"; import { display } from "tslab";',
      "type Row = { n: number }; const rows: Row[] = [{ n: 1 }]; const x = 1;",
      'const text = await readFile("package.json", "utf8"); const x = "again"; display.text(x);',
      "const first: Row = rows[0]; x.toUpperCase() + text.length + first.n",
      ["missing()", "skip-execution"],
      ["const z: number = 'expected'", "raises-exception"],
      "",
    ]),
    [],
  );
});

test("problems are reported with cell, line and column; names that a failed cell would have declared are not reported again", async () => {
  assert.deepEqual(
    await problemsOf([
      "const a: number = 1;",
      "\nconst b: string = a;\nconst c = 1;",
      "c + 1; b.length",
      "a.toUpperCase()",
    ]),
    [
      [2, 2, 7, "Type 'number' is not assignable to type 'string'."],
      [4, 1, 3, "Property 'toUpperCase' does not exist on type 'number'."],
    ],
  );
});

test("a notebook in another language is skipped and named", () =>
  withFolder(async (folder) => {
    const path = join(folder, "p.ipynb");
    await saveNotebook(notebookOf(["print(1)"], "python3"), path);
    assert.deepEqual(await checkNotebook(path), { kind: "other-language", kernel: "python3" });
  }));
