// @ts-check
import { makeEnvironment } from "./make-environment.mjs";

/**
 * The stage that installs the packages that `npm run test:conformance` and `npm run bench:runner` compare with, in a
 * separate environment of the clone.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function installConformance(root) {
  return makeEnvironment(root, {
    name: "conformance",
    title: "nbclient, papermill and a Python kernel, to compare with",
    place: ".tslora/conformance",
    bytes: 2e8,
    tool: "python3.11",
    locks: [["conformance.txt"]],
  });
}
