import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { projectRoot } from "../../src/base/project-root";
import { findKernelSpec } from "../../src/notebook/jupyter/find-kernelspec";
import { jupyterPaths } from "../../src/notebook/jupyter/jupyter-paths";
import { STANDARD_DIALECT } from "../../src/notebook/jupyter/standard-dialect";
import { TSLAB_DIALECT } from "../../src/notebook/tslab/tslab-dialect";
import { startKernel } from "../../src/notebook/jupyter/kernel-client";
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
  assert.equal(spec.dialect, TSLAB_DIALECT);
});

test("other kernels are found in JUPYTER_PATH first, with their places and variables filled in", () =>
  withFolder((folder) =>
    withJupyterPath(folder, async () => {
      await install(folder, "odd", {
        argv: ["odd", "{resource_dir}/x", "{connection_file}"],
        display_name: "Odd",
        language: "Odd",
        interrupt_mode: "message",
        env: { A: "${HOME}/a" },
      });
      const spec = findKernelSpec("ODD");
      assert.deepEqual(spec.argv, ["odd", join(folder, "kernels", "odd", "x"), "{connection_file}"]);
      assert.deepEqual(
        [spec.displayName, spec.language, spec.interruptMode, spec.dialect.name, spec.env.A],
        ["Odd", "odd", "message", "standard", `${process.env.HOME}/a`],
      );
      await install(folder, "broken", "{");
      assert.throws(() => findKernelSpec("broken"), /line 1, column 2/);
      await install(folder, "empty", { argv: [] });
      assert.throws(() => findKernelSpec("empty"), /"argv"/);
      assert.throws(() => findKernelSpec("none"), /found .*odd/);
    }),
  ));

test("Jupyter's folders: given ones, the environment's and the user's, the system's, this clone's", () => {
  const env = { JUPYTER_PATH: "/one:/two", JUPYTER_DATA_DIR: "/mine", IPYTHONDIR: "/ipython", PATH: "" };
  const rest = [
    "/usr/local/share/jupyter",
    "/usr/share/jupyter",
    "/ipython",
    join(projectRoot(), ".tslora", "lab", "share", "jupyter"),
  ];
  assert.deepEqual(jupyterPaths(env), ["/one", "/two", "/mine", ...rest]);
  assert.deepEqual(jupyterPaths({ ...env, VIRTUAL_ENV: "/venv" }), [
    "/one",
    "/two",
    "/venv/share/jupyter",
    "/mine",
    ...rest,
  ]);
  assert.deepEqual(jupyterPaths({ ...env, VIRTUAL_ENV: "/venv", JUPYTER_PREFER_ENV_PATH: "0" }), [
    "/one",
    "/two",
    "/mine",
    "/venv/share/jupyter",
    ...rest,
  ]);
});

test("an IPython kernel keeps its history in memory, so that kernels that run at once share no file", () =>
  withFolder((folder) =>
    withJupyterPath(folder, async () => {
      await install(folder, "py", {
        argv: ["/bin/python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        language: "python",
        env: { A: "$HOME/b", B: "${NOT_SET_AT_ALL}" },
      });
      const { argv, env } = findKernelSpec("py");
      assert.deepEqual(argv.slice(2), [
        "ipykernel_launcher",
        "-f",
        "{connection_file}",
        "--HistoryManager.hist_file=:memory:",
      ]);
      assert.deepEqual(env, { A: `${process.env.HOME}/b`, B: "${NOT_SET_AT_ALL}" });
    }),
  ));

/** Starts a kernel by its command line, which fails in these tests. */
function startBad(cwd: string, argv: readonly string[], startTimeoutMs = 240_000): Promise<unknown> {
  const spec = {
    name: "bad",
    argv,
    displayName: "bad",
    language: "",
    env: {},
    interruptMode: "signal",
    dialect: STANDARD_DIALECT,
  } as const;
  return startKernel({ spec, cwd, startTimeoutMs, graceMs: 300 });
}

test("a kernel that cannot be started, ends, or does not answer is an error with the reason", () =>
  withFolder(async (folder) => {
    const start = (argv: readonly string[], startTimeoutMs?: number): Promise<unknown> =>
      startBad(folder, argv, startTimeoutMs);
    await assert.rejects(start([join(folder, "nothing-here")]), /could not be started/);
    await assert.rejects(
      start([process.execPath, "-e", "console.error('no module'); process.exit(7)"]),
      /exited with code 7\. It printed:\nno module/,
    );
    await assert.rejects(
      start([process.execPath, "-e", "setInterval(() => 0, 1000)"], 700),
      /did not answer within 0\.7 s/,
    );
  }));

test("a kernel that finds its ports in use is started three times, then this is the reason", () =>
  withFolder(async (folder) => {
    const start = (starts: string, last: string): Promise<unknown> => {
      const code = `fs.appendFileSync("${starts}", "x"); console.error("bind: Address already in use"); ${last}`;
      return startBad(folder, [process.execPath, "-e", code]);
    };
    await assert.rejects(
      start("running", "setInterval(() => 0, 1000)"),
      /found its ports in use 3 times\. It printed:\nbind: Address already in use/,
    );
    await assert.rejects(start("ended", "process.exit(1)"), /exited with code 1\. It printed:\nbind: Address/);
    for (const starts of ["running", "ended"]) assert.equal(await readFile(join(folder, starts), "utf8"), "xxx");
  }));
