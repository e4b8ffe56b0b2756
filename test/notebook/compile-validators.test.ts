import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { isRecord } from "../../src/base/json";
import { compileValidators, validatorsSource, type Validators } from "../../src/notebook/format/compile-validators";
import { fixture } from "./notebooks";

/** The validators that set-up writes next to the package, from the same source. */
function readyMade(): Validators {
  const made: Partial<Validators> = {};
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the source is a module that set-up writes
  (new Function("require", "exports", validatorsSource()) as (load: NodeJS.Require, exports: object) => void)(
    require,
    made,
  );
  assert.ok(made.cell !== undefined && made.notebook !== undefined);
  return { cell: made.cell, notebook: made.notebook };
}

test("the validators that set-up writes report the same problems as those compiled here", () => {
  const [compiled, ready] = [compileValidators(), readyMade()];
  const text: unknown = JSON.parse(readFileSync(fixture("nbformat-golden.ipynb"), "utf8"));
  assert.ok(isRecord(text) && Array.isArray(text.cells));
  const { cells, ...rest } = text;
  const good = cells.filter(isRecord);
  const code = good.find((cell) => cell.cell_type === "code");
  const bad = [
    {},
    { cell_type: "heading" },
    { ...code, extra: 1 },
    { ...code, id: "white space" },
    { ...code, id: "x".repeat(65) },
    { ...code, source: 5, execution_count: -1 },
    { ...code, metadata: { tags: ["a", "a", "b,c"] } },
    {
      ...code,
      outputs: [
        { output_type: "stream", name: "stdout" },
        { output_type: "none" },
        { output_type: "display_data", data: { "text/plain": 1, "application/json": 1 }, metadata: {} },
      ],
    },
  ];
  let found = 0;
  for (const cell of [...good, ...bad]) {
    assert.equal(ready.cell(cell), compiled.cell(cell));
    assert.deepEqual(ready.cell.errors, compiled.cell.errors);
    found += ready.cell.errors?.length ?? 0;
  }
  assert.ok(found >= bad.length);
  for (const notebook of [
    rest,
    {},
    { ...rest, nbformat: 3 },
    { ...rest, nbformat_minor: 4.5 },
    { ...rest, metadata: { kernelspec: { name: 1 } } },
  ]) {
    assert.equal(ready.notebook(notebook), compiled.notebook(notebook));
    assert.deepEqual(ready.notebook.errors, compiled.notebook.errors);
  }
});
