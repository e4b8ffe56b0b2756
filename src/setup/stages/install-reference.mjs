// @ts-check
import { makeEnvironment } from "./make-environment.mjs";
import { hasNvidiaDriver } from "./supported-platform.mjs";

/**
 * The stage that installs the packages that `npm run test:parity` and `npm run bench` compare with, in a separate
 * environment of the clone.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function installReference(root) {
  return makeEnvironment(root, {
    name: "reference",
    title: "PyTorch, transformers, peft, scikit-learn and ONNX Runtime, to compare with",
    place: ".tslora/reference",
    bytes: 4e9,
    tool: "python3.11",
    locks: [["reference.txt"], hasNvidiaDriver() ? ["torch.txt"] : ["torch-cpu.txt", "torch.txt"]],
  });
}
