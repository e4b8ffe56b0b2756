import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { findKernelSpec } from "../../src/notebook/find-kernelspec";
import { jupyterPaths } from "../../src/notebook/jupyter-paths";
import { startKernel } from "../../src/notebook/kernel";
import { withFolder } from "./notebooks";

/** Sets JUPYTER_PATH for a piece of work. */
async function withJupyterPath(path: string, work: () => Promise<void>): Promise<void> {
  const before = process.env.JUPYTER_PATH;
  process.env.JUPYTER_PATH = path;
  try {
    await work();
  } finally {
    if (before === undefined) delete process.env.JUPYTER_PATH;
    else process.env.JUPYTER_PATH = before;
  }
}

async function install(folder: string, name: string, spec: unknown): Promise<void> {
  await mkdir(join(folder, "kernels", name), { recursive: true });
  await writeFile(join(folder, "kernels", name, "kernel.json"), typeof spec === "string" ? spec : JSON.stringify(spec));
}

test("tslab is this clone's own and needs no Jupyter", () => {
  const spec = findKernelSpec("tslab");
  assert.equal(spec.argv[0], process.execPath);
  assert.equal(spec.dialect, "tslab");
});

test("other kernels are found in JUPYTER_PATH first, with their places and variables filled in", () =>
  withFolder((folder) =>
    withJupyterPath(folder, async () => {
      await install(folder, "odd", { argv: ["odd", "{resource_dir}/x", "{connection_file}"], display_name: "Odd", language: "Odd", interrupt_mode: "message", env: { A: "${HOME}/a" } });
      const spec = findKernelSpec("ODD");
      assert.deepEqual(spec.argv, ["odd", join(folder, "kernels", "odd", "x"), "{connection_file}"]);
      assert.deepEqual([spec.displayName, spec.language, spec.interruptMode, spec.dialect, spec.env.A], ["Odd", "odd", "message", "standard", `${process.env.HOME}/a`]);
      await install(folder, "broken", "{");
      assert.throws(() => findKernelSpec("broken"), /line 1, column 2/);
      await install(folder, "empty", { argv: [] });
      assert.throws(() => findKernelSpec("empty"), /"argv"/);
      assert.throws(() => findKernelSpec("none"), /found .*odd/);
    }),
  ));

test("Jupyter's folders: given ones, the user's, the environment's, the system's", () => {
  const paths = jupyterPaths({ JUPYTER_PATH: "/one:/two", JUPYTER_DATA_DIR: "/mine", VIRTUAL_ENV: "/venv", PATH: "" });
  assert.deepEqual(paths, ["/one", "/two", "/mine", "/venv/share/jupyter", "/usr/local/share/jupyter", "/usr/share/jupyter"]);
});

test("a kernel that cannot be started, ends, or stays silent is an error that says so", () =>
  withFolder(async (folder) => {
    const spec = { name: "bad", displayName: "bad", language: "", env: {}, interruptMode: "signal", dialect: "standard" } as const;
    const start = (argv: string[]): Promise<unknown> => startKernel({ spec: { ...spec, argv }, cwd: folder, startTimeoutMs: 700, graceMs: 300 });
    await assert.rejects(start([join(folder, "nothing-here")]), /could not be started/);
    await assert.rejects(start([process.execPath, "-e", "console.error('no module'); process.exit(7)"]), /exited with code 7\. It printed:\nno module/);
    await assert.rejects(start([process.execPath, "-e", "setInterval(() => 0, 1000)"]), /did not answer within 0\.7 s/);
  }));
