// @ts-check
import { makeEnvironment } from "./make-environment.mjs";

/**
 * The stage that installs the programs that read what a sweep writes, in a separate environment of the clone: Optuna,
 * its dashboard, and MLflow.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function installSweepReference(root) {
  return makeEnvironment(root, {
    name: "sweep-reference",
    title: "Optuna, optuna-dashboard and MLflow, to read what sweeps write",
    place: ".tslora/sweep-reference",
    bytes: 1e9,
    tool: "python3.11",
    locks: [["sweep-reference.txt"]],
  });
}
