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
Format, lint, types, the notebooks' types, and the tests, in this order; the
first that fails ends it.`;

/** The time limit of a test. The longest takes a minute or two; on a busy machine, ten times as long. */
const TEST_LIMIT_MS = 30 * 60_000;
/** Number of test files that run at once. On two cores Node's default is one, but many tests wait for processes. */
const FILES_AT_A_TIME = Math.max(2, availableParallelism() - 1);

/**
 * Runs format, lint, types, the notebooks' types, and the tests, in this order, until one fails. The last lines of the
 * output are those of Node's test runner.
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

  const steps = [
    ...(only.length === 0 ? [{ title: "Format", run: () => formatCode({ root, check: true }) }] : []),
    ...(only.length === 0
      ? [{ title: "Lint", run: () => node("node_modules/eslint/bin/eslint.js", ".", "--max-warnings=0") }]
      : []),
    ...(only.length === 0 || files.some((file) => file.endsWith(".mjs"))
      ? [
          {
            title: "Types of the set-up",
            run: () => node("node_modules/typescript/bin/tsc", "--project", "src/setup/tsconfig.json"),
          },
        ]
      : []),
    {
      title: "Types, and the tests compiled",
      run: () => node("node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"),
    },
    ...(only.length === 0 && checksNotebooks(root)
      ? [{ title: "Types of the notebooks", run: () => node(".tslora/package/cli/main.js", "check-notebooks") }]
      : []),
    {
      title: `Tests, ${files.length} files`,
      run: () =>
        node(
          "--test",
          "--test-reporter=spec",
          `--test-timeout=${TEST_LIMIT_MS}`,
          `--test-concurrency=${FILES_AT_A_TIME}`,
          ...rest,
          ...files,
        ),
    },
  ];
  for (const { title, run } of steps) {
    console.error(title);
    const code = await run();
    if (code !== 0) return code;
  }
  return 0;

  /** @param {string[]} arguments_ */
  function node(...arguments_) {
    return passOn([process.execPath, ...arguments_], { cwd: root, env: testVariables(root) });
  }
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
