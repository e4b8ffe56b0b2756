// @ts-check
import { makeEnvironment } from "./make-environment.mjs";

/** PyTorch first: the others would take whichever version they like. */
const PACKAGES = [["torch==2.13.0"], ["transformers==5.24.0", "peft==0.21.2", "scikit-learn==1.9.1", "tensorboard==2.21.0"], ["onnx==1.23.2", "onnxruntime==1.32.0", "onnxscript==0.7.2"]];

/**
 * The stage that brings what `npm run test:parity` and `npm run bench` compare with into an environment of the clone's own.
 * Nothing else uses it.
 *
 * @param {string} root
 * @returns {import("./run-stages.mjs").Stage}
 */
export function installReference(root) {
  return makeEnvironment(root, { name: "reference", title: "PyTorch, transformers, peft, scikit-learn and ONNX Runtime, to compare with", place: ".tslora/reference", bytes: 4e9, packages: PACKAGES });
}
