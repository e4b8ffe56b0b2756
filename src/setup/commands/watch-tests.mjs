// @ts-check
import { chooseTests, testVariables } from "./run-tests.mjs";
import { passOn } from "../tools/pass-on.mjs";
import { readOptions } from "../tools/read-options.mjs";

export const WATCH_HELP = `npm run test:watch -- --only WORD
  --only WORD    the test files with the word in their path; may be given several times
Compiles and runs these test files, and again whenever a source changes. Ctrl-C ends it.`;

/**
 * Refuses unknown options, and words that are in no test file's path.
 *
 * @param {readonly string[]} parameters
 * @param {{ root: string }} options
 * @returns {{ files: readonly string[] }} what Node runs
 */
export function readWatchOptions(parameters, { root }) {
  const { values } = readOptions(parameters, {
    help: WATCH_HELP,
    options: { only: { type: "string", multiple: true, default: [] } },
  });
  return { files: chooseTests({ only: values["only"] ?? [], slow: false }, { root }) };
}

/**
 * Compiles the tests, then runs the compiler and Node's test runner in watch mode until one of them ends.
 *
 * @param {{ root: string, files: readonly string[] }} options
 * @returns {Promise<number>} the exit code of the one that ended first
 */
export async function watchTests({ root, files }) {
  const env = testVariables(root);
  const compile = [process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json"];
  await passOn(compile, { cwd: root }); // shows its errors; the compiler in watch mode shows them again
  const ending = new globalThis.AbortController();
  const { signal } = ending;
  const watching = [
    passOn([...compile, "--watch", "--preserveWatchOutput"], { cwd: root, signal }),
    passOn([process.execPath, "--test", "--test-reporter=spec", "--watch", ...files], { cwd: root, env, signal }),
  ];
  const code = await Promise.race(watching);
  ending.abort();
  await Promise.allSettled(watching);
  return code;
}
