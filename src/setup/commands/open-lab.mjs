// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { passOn } from "../tools/pass-on.mjs";
import { jupyterFolders, writeKernelspecs } from "./write-kernelspecs.mjs";

const NOTEBOOKS = [
  "00-environment.ipynb",
  "01-study.ipynb",
  "02-comparative-study.ipynb",
  "03-weighted-loss-and-threshold.ipynb",
];

/**
 * Opens the notebooks in JupyterLab with the clone's TypeScript kernel. What Jupyter keeps (settings, kernelspecs,
 * running servers) stays inside the clone.
 *
 * @param {readonly string[]} parameters  passed on, such as --no-browser
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function openLab(parameters, { root }) {
  writeKernelspecs(root);
  settle(root);
  const python = join(root, ".tslora", "lab", "bin", "python");
  const env = jupyterFolders(root);
  // Lab draws the figures of notebooks that it trusts alone; the clone's own come from where its code comes from.
  const own = NOTEBOOKS.map((name) => join(root, "notebooks", name)).filter((path) => existsSync(path));
  spawnSync(python, ["-m", "nbformat.sign", ...own], { env: { ...process.env, ...env }, stdio: "ignore" });
  return passOn(
    [
      python,
      "-m",
      "jupyterlab",
      `--ServerApp.root_dir=${root}`,
      "--ServerApp.default_url=/lab/tree/notebooks",
      "--MultiKernelManager.default_kernel_name=tslab",
      ...(process.getuid?.() === 0 ? ["--allow-root"] : []), // in a container there is often nobody else
      ...parameters,
    ],
    { cwd: root, env },
  );
}

/**
 * Lab asks at its first start whether it may fetch news from the network; in a clone that nobody needs. What the user
 * has settled stays.
 * @param {string} root
 */
function settle(root) {
  const folder = join(jupyterFolders(root).JUPYTER_CONFIG_DIR, "labconfig");
  const path = join(folder, "page_config.json");
  if (existsSync(path)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    path,
    `${JSON.stringify({ disabledExtensions: { "@jupyterlab/apputils-extension:announcements": true } }, null, 2)}\n`,
  );
}
