// @ts-check
import { makeEnvironment } from "./make-environment.mjs";

/** The last JupyterLab for Python 3.9. */
const JUPYTERLAB = "jupyterlab==4.5.11";

/**
 * The stage that brings JupyterLab into an environment of the clone's own.
 *
 * @param {string} root
 * @returns {import("./run-stages.mjs").Stage}
 */
export function installLab(root) {
  return makeEnvironment(root, { name: "lab", title: "JupyterLab 4.5", place: ".tslora/lab", bytes: 8e8, packages: [[JUPYTERLAB]] });
}
