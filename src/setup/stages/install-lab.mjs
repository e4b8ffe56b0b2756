// @ts-check
import { makeEnvironment } from "./make-environment.mjs";

/**
 * The stage that installs JupyterLab and papermill in a separate environment of the clone.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function installLab(root) {
  return makeEnvironment(root, {
    name: "lab",
    title: "JupyterLab 4.5",
    place: ".tslora/lab",
    bytes: 8e8,
    tool: "python",
    locks: [["lab.txt"]],
  });
}
