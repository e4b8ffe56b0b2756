// @ts-check
import { passOn } from "../tools/pass-on.mjs";
import { readOptions } from "../tools/read-options.mjs";

export const PACKAGE_HELP = `npm run test:package
Packs tslora, installs the tarball into empty projects in a temporary folder,
sets them up and uses them: ESM, CommonJS, TypeScript 5.0 and the latest, ten
training steps, a prediction, a notebook, an ONNX export, TSLORA_HOME. It needs
npm's and pip's registries and 3 GB of disk.`;

/** @param {readonly string[]} parameters */
export function checkPackageOptions(parameters) {
  readOptions(parameters, { help: PACKAGE_HELP, options: {} });
}

/**
 * Runs the slow tests of the tarball.
 *
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export function testPackage({ root }) {
  return passOn([process.execPath, "--test", "--test-reporter=spec", "test/setup/package.slow.test.mjs"], {
    cwd: root,
  });
}
