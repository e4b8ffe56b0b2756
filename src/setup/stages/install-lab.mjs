// @ts-check
import { makeEnvironment } from "./make-environment.mjs";

/**
 * The stage that brings JupyterLab and papermill into an environment of the clone's own.
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
