import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chmod, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { TsloraError, type TsloraErrorCode } from "../../src/base/tslora-error";
import type { Notebook } from "../../src/notebook/format/notebook-types";
import { parseNotebook } from "../../src/notebook/format/parse-notebook";
import { readNotebook } from "../../src/notebook/format/read-notebook";
import { saveNotebook } from "../../src/notebook/format/save-notebook";
import { serializeNotebook } from "../../src/notebook/format/serialize-notebook";
import { fixture, notebookOf, withFolder } from "./notebooks";

function refuses(text: string, code: TsloraErrorCode, pattern: RegExp): void {
  assert.throws(
    () => parseNotebook(text, "x.ipynb"),
    (error: unknown) => error instanceof TsloraError && error.code === code && pattern.test(error.message),
  );
}

const cell = { cell_type: "code", id: "a", metadata: {}, source: "", execution_count: null, outputs: [] };
const withCells = (cells: unknown[], minor = 5): string =>
  JSON.stringify({ nbformat: 4, nbformat_minor: minor, metadata: {}, cells });

test("a notebook that Jupyter saved is written back byte for byte", () => {
  const text = readFileSync(fixture("nbformat-golden.ipynb"), "utf8");
  assert.equal(serializeNotebook(parseNotebook(text, "golden"), "golden"), text);
});

test("broken JSON is refused with line and column", () => {
  refuses('{\n "cells": [1, 2,,]\n}', "bad-input", /line 2, column 17/);
  refuses('{"a": nul}', "bad-input", /line 1, column 7/);
  refuses('{"a": "b', "bad-input", /line 1, column 7/);
  refuses('{"a": 1', "bad-input", /line 1, column 8 \(the file ends there\)/);
  refuses("", "bad-input", /line 1, column 1/);
  refuses('{"a": 1} x', "bad-input", /line 1, column 10/);
  refuses('{"a": [1, {"b": "\\q"}]}', "bad-input", /line 1, column 17/);
});

test("a file that is not a notebook, or has another major version, is refused with advice", () => {
  refuses("[]", "bad-input", /not a notebook/);
  refuses('{"cells": []}', "bad-input", /no "nbformat"/);
  refuses('{"nbformat": 5, "cells": []}', "unsupported", /nbformat 5/);
  refuses(`{"nbformat": "${"a".repeat(1e5)}", "cells": []}`, "unsupported", /^.{0,300}$/s);
});

test("a notebook that breaks the format is refused with every problem and its cell", () => {
  refuses(withCells([cell, { ...cell, id: "b", source: 5 }]), "bad-input", /cell 2, source/);
  refuses(
    withCells([{ ...cell, outputs: [{ output_type: "stream", name: "stdout" }] }]),
    "bad-input",
    /cell 1, outputs, 0.*text/,
  );
  refuses(withCells([{ ...cell, extra: 1 }]), "bad-input", /cell 1.*extra/);
  refuses(withCells([{ ...cell, id: "white space" }]), "bad-input", /cell 1, id/);
  refuses(withCells([{ ...cell, cell_type: "heading" }]), "bad-input", /cell 1/);
});

test("cells of older notebooks get ids that are the same at every reading, and distinct for equal cells", () => {
  const old = { ...cell, id: undefined };
  const text = withCells([old, old, { cell_type: "markdown", metadata: {}, source: ["a\n", "b"] }], 4);
  const [first, second] = [parseNotebook(text, "x"), parseNotebook(text, "x")];
  assert.equal(first.nbformat_minor, 5);
  assert.deepEqual(
    first.cells.map(({ id }) => id),
    second.cells.map(({ id }) => id),
  );
  assert.equal(new Set(first.cells.map(({ id }) => id)).size, 3);
  assert.equal(first.cells[2].source, "a\nb");
});

test("a notebook of 4.5 whose cells lack an id, or share one, is repaired as by nbformat, with a notice", () => {
  const notes: string[] = [];
  const { cells } = parseNotebook(withCells([cell, cell, { ...cell, id: undefined }, { ...cell, id: "b" }]), "x", {
    onNote: (note) => notes.push(note),
  });
  assert.deepEqual([cells[0].id, cells[3].id, new Set(cells.map(({ id }) => id)).size], ["a", "b", 4]);
  assert.match(
    notes.join("\n"),
    /^x: cell 2 has the id "a" of an earlier cell; it is called [0-9a-f]{8} from now on\nx: cell 3 has no id/,
  );
  assert.throws(
    () =>
      serializeNotebook({ ...notebookOf(["1"]), cells: [...notebookOf(["1"]).cells, ...notebookOf(["2"]).cells] }, "x"),
    /cell 2 has the id "cell-1"/,
  );
});

test("notebooks of nbformat 1 to 3 are converted as by nbformat", () => {
  for (const version of [1, 2, 3]) {
    const found = parseNotebook(readFileSync(fixture(`nbformat-v${version}.ipynb`), "utf8"), "old");
    const expected = parseNotebook(readFileSync(fixture(`nbformat-v${version}-upgraded.ipynb`), "utf8"), "new");
    const plain = ({ cells, metadata }: Notebook): unknown => ({
      metadata,
      cells: cells.map((each) => ({ ...each, id: "" })),
    });
    assert.deepEqual(plain(found), plain(expected));
    assert.deepEqual(
      found.cells.map(({ id }) => id),
      parseNotebook(readFileSync(fixture(`nbformat-v${version}.ipynb`), "utf8"), "again").cells.map(({ id }) => id),
    );
  }
});

test("saving keeps the file's permissions and leaves no other file", () =>
  withFolder(async (folder) => {
    const path = join(folder, "a.ipynb");
    await saveNotebook(notebookOf(["1"]), path);
    await chmod(path, 0o640);
    await saveNotebook(notebookOf(["2"]), path);
    assert.equal((await stat(path)).mode & 0o777, 0o640);
    assert.match(await readFile(path, "utf8"), /"2"/);
    assert.deepEqual(await readNotebook(path), notebookOf(["2"]));
  }));

test("a missing file, a folder and bytes that are not UTF-8 are refused by name", async () => {
  await assert.rejects(readNotebook("/nowhere/a.ipynb"), /does not exist/);
  await assert.rejects(readNotebook(fixture("")), /folder/);
  await withFolder(async (folder) => {
    const { writeFile } = await import("node:fs/promises");
    await writeFile(join(folder, "a.ipynb"), Buffer.from([0x7b, 0xff, 0xfe]));
    await assert.rejects(readNotebook(join(folder, "a.ipynb")), /must be UTF-8 text/);
  });
});
