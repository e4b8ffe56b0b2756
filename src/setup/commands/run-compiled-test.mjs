// @ts-check
import { passOn } from "../tools/pass-on.mjs";

/**
 * Compiles the tests and runs one of their programs, such as the live comparison with nbclient and papermill.
 *
 * @param {string} program  a source file below test/, e.g. `test/conformance/run.ts`
 * @param {readonly string[]} parameters  for the program
 * @param {{ root: string, env?: Record<string, string> }} options
 * @returns {Promise<number>} the exit code
 */
export async function runCompiledTest(program, parameters, { root, env }) {
  const compiled = await passOn(
    [process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"],
    { cwd: root },
  );
  return compiled === 0
    ? passOn([process.execPath, `.tslora/tests/${program.replace(/\.ts$/, ".js")}`, ...parameters], { cwd: root, env })
    : compiled;
}
