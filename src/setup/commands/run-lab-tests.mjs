// @ts-check
import { findChromium } from "../tools/find-chromium.mjs";
import { conformancePython } from "../tools/jupyter-python.mjs";
import { listFiles } from "../tools/list-files.mjs";
import { passOn } from "../tools/pass-on.mjs";
import { UsageError } from "../tools/read-options.mjs";
import { jupyterFolders, writeKernelspecs } from "./write-kernelspecs.mjs";

/**
 * The selected tests of the notebooks in Jupyter.
 * @typedef {object} LabTests
 * @property {readonly string[]} browser  test files that drive Jupyter Lab by a headless Chromium
 * @property {readonly string[]} tools  test files that run notebooks by nbconvert and papermill
 * @property {string} [chromium]
 */

/**
 * Selects tests of `test/lab`. Without a Chromium it leaves out those in Jupyter Lab.
 *
 * @param {readonly string[]} words  a file's name must hold one of these words; empty for all files
 * @param {{ root: string, announces?: boolean }} options  whether to print a line about tests that are left out
 * @returns {LabTests}
 */
export function chooseLabTests(words, { root, announces = false }) {
  const files = listFiles(root, "test/lab").filter(
    (file) => words.length === 0 || words.some((word) => file.includes(word)),
  );
  const [browser, tools] = [
    files.filter((file) => file.endsWith(".browser.ts")),
    files.filter((file) => file.endsWith(".tools.ts")),
  ];
  if (browser.length + tools.length === 0)
    throw new UsageError(`No test of test/lab has ${words.join(" or ").slice(0, 120)} in its name.`);
  const chromium = browser.length === 0 ? undefined : findChromium();
  if (announces && browser.length > 0 && chromium === undefined)
    console.error(
      "SKIPPED: the notebooks in Jupyter Lab are not tested, since no Chromium or Chrome was found. Install one (Debian: apt-get install chromium) or name it in TSLORA_CHROMIUM.",
    );
  return { tools, browser: chromium === undefined ? [] : browser, ...(chromium === undefined ? {} : { chromium }) };
}

/**
 * Runs the tests of the notebooks in Jupyter: in Jupyter Lab like a user, and with nbconvert and papermill. They take
 * some minutes.
 *
 * @param {LabTests} tests
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function runLabTests({ browser, tools, chromium }, { root }) {
  const files = [...tools, ...browser];
  if (files.length === 0) return 0; // the reason was printed
  writeKernelspecs(root);
  const compiled = await passOn(
    [process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"],
    { cwd: root },
  );
  if (compiled !== 0) return compiled;
  return passOn(
    [
      process.execPath,
      "--test",
      "--test-concurrency=1",
      "--test-reporter=spec",
      ...files.map((file) => `.tslora/tests/${file.slice(0, -".ts".length)}.js`),
    ],
    {
      cwd: root,
      env: {
        ...jupyterFolders(root),
        TSLORA_JUPYTER_PYTHON: conformancePython(root),
        ...(chromium === undefined ? {} : { TSLORA_CHROMIUM: chromium }),
      },
    },
  );
}
