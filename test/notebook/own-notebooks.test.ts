import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { readNotebook } from "../../src/notebook/format/read-notebook";

const folder = join(projectRoot(), "notebooks");

test("the clone's notebooks, outputs included, are under 2 MB each, were executed from top to bottom without an error, and have a static picture for every interactive figure", async () => {
  const names = readdirSync(folder).filter((name) => name.endsWith(".ipynb"));
  assert.ok(names.length >= 4);
  for (const name of names) {
    assert.ok(statSync(join(folder, name)).size < 2e6, name);
    let code = 0;
    for (const cell of (await readNotebook(join(folder, name))).cells) {
      if (cell.cell_type !== "code") continue;
      code++;
      assert.equal(cell.execution_count, code, `${name} was not executed from top to bottom, or lost its outputs`);
      const where = `${name}: ${cell.source.slice(0, 60)}`;
      assert.deepEqual(
        cell.outputs.filter((output) => output.output_type === "error"),
        [],
        where,
      );
      const bundles = cell.outputs.flatMap((output) => ("data" in output ? [output.data] : []));
      bundles.forEach((data, at) => {
        const [html, picture] = [data["text/html"], bundles.at(at + 1)?.["image/svg+xml"]];
        if (typeof html !== "string" || !html.includes('class="tslora-figure"')) return;
        assert.ok(typeof picture === "string" && picture.includes("<svg"), where);
      });
    }
  }
});
