// @ts-check
import { join } from "node:path";

import { listFiles } from "./list-files.mjs";
import { passOn } from "./pass-on.mjs";
import { SetUpError } from "./set-up-error.mjs";
import { jupyterFolders, writeKernelspecs } from "./write-kernelspecs.mjs";

/**
 * The tests of the notebooks in Jupyter: in JupyterLab as a user sits there, by a headless Chromium, and by nbconvert
 * and papermill. They take some minutes. Without a Chromium the first kind is skipped, and says so.
 *
 * @param {readonly string[]} parameters  words of which one is to stand in a file's name; none for all
 * @param {{ root: string }} options
 * @returns {Promise<number>} the exit code
 */
export async function runLabTests(parameters, { root }) {
  const files = listFiles(root, "test/lab").filter((file) => file.endsWith(".lab.ts") && (parameters.length === 0 || parameters.some((word) => file.includes(word))));
  if (files.length === 0) throw new SetUpError(`No file of test/lab has ${parameters.join(" or ")} in its name.`);
  writeKernelspecs(root);
  const compiled = await passOn([process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"], { cwd: root });
  if (compiled !== 0) return compiled;
  return passOn(
    [process.execPath, "--test", "--test-concurrency=1", "--test-reporter=spec", ...files.map((file) => `.tslora/tests/${file.slice(0, -".ts".length)}.js`)],
    { cwd: root, env: { ...jupyterFolders(root), TSLORA_LAB_PYTHON: join(root, ".tslora", "lab", "bin", "python") } },
  );
}
