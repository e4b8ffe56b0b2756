// @ts-check
import { makeEnvironment } from "./make-environment.mjs";

const PACKAGES = [["nbclient==0.11.0", "papermill==2.7.0", "nbconvert==7.17.2", "nbformat==5.11.1", "ipykernel==7.4.0"]];

/**
 * The stage that brings what `npm run test:conformance` and `npm run bench:runner` compare with into an environment of
 * the clone's own. Nothing else uses it.
 *
 * @param {string} root
 * @returns {import("./run-stages.mjs").Stage}
 */
export function installConformance(root) {
  return makeEnvironment(root, { name: "conformance", title: "nbclient, papermill and a Python kernel, to compare with", place: ".tslora/conformance", bytes: 2e8, packages: PACKAGES });
}
