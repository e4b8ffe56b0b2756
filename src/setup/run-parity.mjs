// @ts-check
import { passOn } from "./pass-on.mjs";

/**
 * Compiles the tests and runs the live comparison with PyTorch, peft, transformers and scikit-learn.
 *
 * @param {readonly string[]} parameters  for test/parity/run.ts
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function runParity(parameters, { root }) {
  const compiled = await passOn([process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"], { cwd: root });
  return compiled === 0 ? passOn([process.execPath, ".tslora/tests/test/parity/run.js", ...parameters], { cwd: root }) : compiled;
}
