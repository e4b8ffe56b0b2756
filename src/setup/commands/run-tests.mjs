// @ts-check
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { delimiter, dirname, join } from "node:path";

import { formatCode } from "./format-code.mjs";
import { conformancePython } from "../tools/jupyter-python.mjs";
import { listFiles } from "../tools/list-files.mjs";
import { passOn } from "../tools/pass-on.mjs";
import { readOptions, UsageError } from "../tools/read-options.mjs";
import { swiftshaderVariables } from "../stages/unpack-swiftshader.mjs";

export const TEST_HELP = `npm test [-- options]
  --only WORD    the test files with the word in their path, without format,
                 lint and notebooks; may be given several times
  --slow         also the test files named *.slow.test.ts
  -- ...         arguments after a second -- are passed to node --test
Format, lint, types and the notebooks' types, two at a time, and then the tests;
the first that fails ends it.`;

/** The time limit of a test. The longest takes a minute or two; on a busy machine, ten times as long. */
const TEST_LIMIT_MS = 30 * 60_000;
/** Number of test files that run at once. On two cores Node's default is one, but many tests wait for processes. */
const FILES_AT_A_TIME = Math.max(2, availableParallelism() - 1);

/**
 * Runs format, lint, types and the notebooks' types, two of them at a time, and then the tests. The first that fails
 * ends it. The last lines of the output are those of Node's test runner.
 *
 * `--only WORD` runs the test files with the word in their path, without format, lint and notebooks; `--slow` adds the
 * test files named `*.slow.test.ts`; arguments after `--` are passed to `node --test`.
 *
 * @param {readonly string[]} parameters
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function runTests(parameters, { root }) {
  const wishes = parse(parameters);
  const { only, rest } = wishes;
  const files = chooseTests(wishes, { root });
  const whole = only.length === 0;

  /** @type {Step} */
  const format = { title: "Format", run: (signal) => formatCode({ root, check: true, signal }) };
  const lint = nodeStep("Lint", "node_modules/eslint/bin/eslint.js", ".", "--max-warnings=0");
  const setUp = nodeStep(
    "Types of the set-up",
    "node_modules/typescript/bin/tsc",
    "--project",
    "src/setup/tsconfig.json",
  );
  const compile = nodeStep(
    "Types, and the tests compiled",
    ...["node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"],
  );
  const notebooks = nodeStep("Types of the notebooks", ".tslora/package/cli/main.js", "check-notebooks");
  const tests = nodeStep(
    `Tests, ${files.length} files`,
    ...["--test", "--test-reporter=spec", `--test-timeout=${TEST_LIMIT_MS}`, `--test-concurrency=${FILES_AT_A_TIME}`],
    ...[...rest, ...files],
  );

  const code = await runLanes([
    whole ? [format, lint] : [],
    [
      ...(whole || files.some((file) => file.endsWith(".mjs")) ? [setUp] : []),
      compile,
      ...(whole && checksNotebooks(root) ? [notebooks] : []),
    ],
  ]);
  return code === 0 ? runLanes([[tests]]) : code;

  /** @param {string} title @param {string[]} arguments_ @returns {Step} */
  function nodeStep(title, ...arguments_) {
    return {
      title,
      run: (signal) => passOn([process.execPath, ...arguments_], { cwd: root, env: testVariables(root), signal }),
    };
  }
}

/**
 * A step of the tests. `run` returns its exit code; the signal ends it.
 * @typedef {{ title: string, run: (signal: AbortSignal) => Promise<number> }} Step
 */

/**
 * Runs lanes side by side, the steps of a lane one after another. The first step that fails ends all.
 *
 * @param {readonly (readonly Step[])[]} lanes
 * @returns {Promise<number>} the exit code of the first step that failed, or 0
 */
export async function runLanes(lanes) {
  const ending = new globalThis.AbortController();
  let failed = 0;
  await Promise.all(
    lanes.map(async (steps) => {
      for (const { title, run } of steps) {
        if (failed !== 0) return;
        console.error(title);
        const code = await run(ending.signal);
        if (code === 0) continue;
        failed ||= code;
        ending.abort();
        return;
      }
    }),
  );
  return failed;
}

/**
 * The environment variables for tests.
 *
 * @param {string} root
 * @returns {Record<string, string | undefined>}
 */
export function testVariables(root) {
  return { JUPYTER_PATH: jupyterPath(root), ...swiftshaderVariables(root) };
}

/**
 * Refuses unknown options, and words that no test file's path contains.
 *
 * @param {readonly string[]} parameters
 * @param {{ root: string }} options
 */
export function checkTests(parameters, { root }) {
  chooseTests(parse(parameters), { root });
}

/** @param {readonly string[]} parameters */
function parse(parameters) {
  const cut = parameters.indexOf("--");
  const own = cut < 0 ? parameters : parameters.slice(0, cut);
  const rest = cut < 0 ? [] : parameters.slice(cut + 1);
  const { values } = readOptions(own, {
    help: TEST_HELP,
    options: { only: { type: "string", multiple: true, default: [] }, slow: { type: "boolean", default: false } },
  });
  return { only: values.only ?? [], slow: values.slow === true, rest };
}

/**
 * The compiled test files to run.
 *
 * @param {{ only: readonly string[], slow: boolean }} wishes  words of their paths; whether to add `*.slow.test.ts`
 * @param {{ root: string }} options
 * @returns {readonly string[]}
 * @throws {UsageError} if no path has one of the words
 */
export function chooseTests({ only, slow }, { root }) {
  const files = testFiles(root).filter(
    (file) =>
      (slow || !/\.slow\.test\.\w+$/.test(file)) && (only.length === 0 || only.some((word) => file.includes(word))),
  );
  if (files.length === 0) throw new UsageError(`No test file has ${only.join(" or ").slice(0, 120)} in its path.`);
  return files.map(compiled);
}

/** @param {string} root @returns {string[]} */
function testFiles(root) {
  return listFiles(root, "test").filter((file) => /\.test\.(ts|mjs)$/.test(file));
}

/** @param {string} file  a test's source @returns {string} the file that Node runs */
function compiled(file) {
  return file.endsWith(".ts") ? `.tslora/tests/${file.slice(0, -".ts".length)}.js` : file;
}

/**
 * Jupyter's search path for kernels, with the Python kernel of the conformance tests if it is set up.
 * @param {string} root
 */
function jupyterPath(root) {
  const folder = join(dirname(dirname(conformancePython(root))), "share", "jupyter");
  const paths = [process.env["JUPYTER_PATH"] ?? "", existsSync(folder) ? folder : ""].filter((path) => path !== "");
  return paths.length === 0 ? undefined : paths.join(delimiter);
}

/**
 * Whether the compiled command line has the command check-notebooks.
 * @param {string} root
 */
function checksNotebooks(root) {
  try {
    return readFileSync(join(root, ".tslora", "package", "cli", "main.js"), "utf8").includes("check-notebooks");
  } catch {
    return false;
  }
}
