// @ts-check
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { buildBinding } from "./stages/build-binding.mjs";
import { compileKernels } from "./stages/compile-kernels.mjs";
import { makeStages } from "./make-stages.mjs";
import places from "./places.cjs";
import { folderError } from "./tools/set-up-error.mjs";
import { unpackEncoder } from "./stages/unpack-encoder.mjs";
import { unpackMpnet } from "./stages/unpack-mpnet.mjs";
import { unpackTensorflow } from "./stages/unpack-tensorflow.mjs";
import { writeKernelspecs } from "./commands/write-kernelspecs.mjs";

/** The installed package that holds these files. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
/** The places of its parts. */
export const PLACES = places.placesOf(ROOT);

/**
 * Sets up an installed package: TensorFlow's library, kernels, binding and models, into the project's `.tslora` or the
 * folder of TSLORA_HOME. npm has installed the packages, and the tarball holds the compiled package.
 *
 * @param {{ mpnet?: boolean, allInstructions?: boolean }} [extras]  MPNet too; the kernels for every instruction set
 * @throws {SetUpError} if a folder cannot be written, or a part cannot be made
 */
export async function setUpInstalled({ mpnet = false, allInstructions = false } = {}) {
  const { site, project } = PLACES;
  const stages = [
    unpackTensorflow(site),
    compileKernels(ROOT, { allInstructions, site }),
    unpackEncoder(site),
    buildBinding(ROOT, { site }),
    ...(mpnet ? [unpackMpnet(site)] : []),
  ];
  for (const folder of new Set([site, project])) hideFromGit(join(folder, ".tslora"));
  await makeStages(stages, { root: site, what: site });
  writeKernelspecs(ROOT);
}

/**
 * Makes set-up's folder, which git ignores by a file of its own.
 * @param {string} folder
 */
function hideFromGit(folder) {
  try {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, ".gitignore");
    if (!existsSync(path)) writeFileSync(path, "*\n");
  } catch (error) {
    throw folderError(folder, error);
  }
}
