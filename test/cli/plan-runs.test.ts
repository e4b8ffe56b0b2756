import assert from "node:assert/strict";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { test } from "node:test";

import { planRuns } from "../../src/cli/run/plan-runs";
import { withFolder } from "../notebook/notebooks";

test("notebooks of the same name keep their folders under the output folder, and are shown by distinct names", () =>
  withFolder(async (folder) => {
    for (const name of ["a/sub", "b"]) await mkdir(join(folder, name), { recursive: true });
    for (const name of ["x.ipynb", "a/x.ipynb", "a/sub/X.ipynb", "b/y.ipynb", "z"])
      await writeFile(join(folder, name), "");
    await symlink(join(folder, "x.ipynb"), join(folder, "b", "x.ipynb"));
    const out = join(folder, "out");
    const plan = (...names: string[]): (readonly [string, string, string])[] =>
      planRuns(
        names.map((name) => `${folder}/${name}`),
        out,
      ).map(({ path, outputPath, name }) => [relative(folder, path), relative(out, outputPath), name]);

    assert.deepEqual(plan("a/x.ipynb", "b/y.ipynb"), [
      ["a/x.ipynb", "x.ipynb", "x"],
      ["b/y.ipynb", "y.ipynb", "y"],
    ]);
    assert.deepEqual(plan("x.ipynb", "a/x.ipynb", "b/y.ipynb"), [
      ["x.ipynb", "x.ipynb", "x"],
      ["a/x.ipynb", "a/x.ipynb", "a/x"],
      ["b/y.ipynb", "b/y.ipynb", "b/y"],
    ]);
    assert.deepEqual(plan("a/x.ipynb", "a/sub/X.ipynb"), [
      ["a/x.ipynb", "x.ipynb", "x"],
      ["a/sub/X.ipynb", "sub/X.ipynb", "sub/X"],
    ]);
    assert.deepEqual(plan("x.ipynb", "a/../x.ipynb", "b/x.ipynb", "x.ipynb").length, 1, "one file by four spellings");
    await writeFile(join(folder, "z.ipynb"), "");
    assert.throws(() => plan("z", "z.ipynb"), /would both be saved as/);
  }));
