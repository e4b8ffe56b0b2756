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
  "04-export-and-reuse.ipynb",
  "05-evidence.ipynb",
  "06-sweep.ipynb",
];

/**
 * Opens the notebooks in JupyterLab with the clone's TypeScript kernel. Jupyter's own files (settings, kernelspecs,
 * running servers) stay inside the clone.
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
  // Lab draws figures only of trusted notebooks; the clone's own are as trustworthy as its code.
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
      ...(process.getuid?.() === 0 ? ["--allow-root"] : []), // a container often has no other user
      ...parameters,
    ],
    { cwd: root, env },
  );
}

/**
 * Turns off the question of Lab's first start whether it may fetch news from the network. Keeps the user's settings.
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
