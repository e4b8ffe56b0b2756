// @ts-check
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildBinding } from "./stages/build-binding.mjs";
import { compileKernels } from "./stages/compile-kernels.mjs";
import { compilePackage } from "./stages/compile-package.mjs";
import { hasClangFormat, installClangFormat } from "./stages/install-clang-format.mjs";
import { installConformance } from "./stages/install-conformance.mjs";
import { installLab } from "./stages/install-lab.mjs";
import { installPackages, linkPackages } from "./stages/install-packages.mjs";
import { installReference } from "./stages/install-reference.mjs";
import { installSweepReference } from "./stages/install-sweep-reference.mjs";
import { makeStages } from "./make-stages.mjs";
import { settleClone } from "./stages/settle-clone.mjs";
import { unpackEncoder } from "./stages/unpack-encoder.mjs";
import { unpackMpnet } from "./stages/unpack-mpnet.mjs";
import { hasSwiftshader, unpackSwiftshader } from "./stages/unpack-swiftshader.mjs";
import { unpackTensorflow } from "./stages/unpack-tensorflow.mjs";

/** The clone that holds these files. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Parts in addition to the common ones: JupyterLab; the packages that the parity run compares with; the packages that
 * the runner is compared with; the programs that read a sweep's journal and runs; MPNet; SwiftShader, a GPU in
 * software, if it exists for this platform; the kernels for every instruction set; clang-format, if it exists for this
 * platform; further stages of a single command; and whether kernelspecs that cannot be written are an error.
 * @typedef {object} Extras
 * @property {boolean} [lab]
 * @property {boolean} [reference]
 * @property {boolean} [conformance]
 * @property {boolean} [sweepReference]
 * @property {boolean} [mpnet]
 * @property {boolean} [swiftshader]
 * @property {boolean} [allInstructions]
 * @property {boolean} [checksTypes]  the command checks types itself
 * @property {boolean} [clangFormat]
 * @property {readonly ((root: string) => import("./tools/run-stages.mjs").Stage)[]} [more]
 * @property {boolean} [needsKernelspecs]
 */

/**
 * The parts of the set-up, each after the parts that it depends on.
 *
 * @param {Extras} [extras]
 * @returns {import("./tools/run-stages.mjs").Stage[]}
 */
export function stagesOf({
  lab = false,
  reference = false,
  conformance = false,
  sweepReference = false,
  mpnet = false,
  swiftshader = false,
  allInstructions = false,
  checksTypes = false,
  clangFormat = false,
  more = [],
} = {}) {
  return [
    installPackages(ROOT),
    unpackTensorflow(ROOT),
    compileKernels(ROOT, { allInstructions }),
    unpackEncoder(ROOT),
    compilePackage(ROOT, { checksTypes }),
    buildBinding(ROOT),
    ...[
      ...(lab ? [installLab] : []),
      ...(reference ? [installReference] : []),
      ...(conformance ? [installConformance] : []),
      ...(sweepReference ? [installSweepReference] : []),
      ...(mpnet ? [unpackMpnet] : []),
      ...(swiftshader && hasSwiftshader() ? [unpackSwiftshader] : []),
      ...(clangFormat && hasClangFormat() ? [installClangFormat] : []),
      ...more,
    ].map((stage) => stage(ROOT)),
  ];
}

/**
 * Makes the missing parts of the set-up; only checks if nothing is missing.
 *
 * @param {Extras} [extras]
 */
export async function setUp(extras) {
  await makeStages(stagesOf(extras), { root: ROOT, what: "this clone" });
  linkPackages(join(ROOT, "node_modules"));
  settleClone(ROOT, extras);
}
