// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { passOn } from "./pass-on.mjs";

const NOTEBOOKS = ["00-environment.ipynb", "01-study.ipynb", "02-comparative-study.ipynb", "03-weighted-loss-and-threshold.ipynb"];

/**
 * Opens the notebooks in JupyterLab with the tslab kernel. What Jupyter keeps (settings, kernelspecs, running servers)
 * stays inside the clone.
 *
 * @param {readonly string[]} parameters  passed on, such as --no-browser
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function openLab(parameters, { root }) {
  const home = join(root, ".tslora", "jupyter");
  const data = join(home, "data");
  writeKernelspec(join(data, "kernels", "tslab"), root);
  const python = join(root, ".tslora", "lab", "bin", "python");
  const env = { JUPYTER_CONFIG_DIR: join(home, "config"), JUPYTER_DATA_DIR: data, JUPYTER_RUNTIME_DIR: join(home, "runtime"), IPYTHONDIR: join(home, "ipython") };
  // Lab draws the figures of notebooks that it trusts alone; the clone's own come from where its code comes from.
  const own = NOTEBOOKS.map((name) => join(root, "notebooks", name)).filter((path) => existsSync(path));
  spawnSync(python, ["-m", "nbformat.sign", ...own], { env: { ...process.env, ...env }, stdio: "ignore" });
  return passOn(
    [
      python, "-m", "jupyterlab", `--ServerApp.root_dir=${root}`, "--ServerApp.default_url=/lab/tree/notebooks",
      "--MultiKernelManager.default_kernel_name=tslab", ...parameters,
    ],
    { cwd: root, env },
  );
}

/**
 * Written at every start: it names this Node and this folder, and either may be another than last time.
 * @param {string} folder @param {string} root
 */
function writeKernelspec(folder, root) {
  const kernelspec = {
    argv: [process.execPath, join(root, "node_modules", "tslab", "bin", "tslab"), "kernel", "--config-path", "{connection_file}"],
    display_name: "TypeScript",
    language: "typescript",
  };
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "kernel.json");
  writeFileSync(`${path}.${process.pid}`, `${JSON.stringify(kernelspec, null, 2)}\n`);
  renameSync(`${path}.${process.pid}`, path);
}
