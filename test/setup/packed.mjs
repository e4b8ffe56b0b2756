// @ts-check
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { ROOT } from "./workbench.mjs";

/**
 * Packs the clone with npm.
 *
 * @param {string} folder  for the tarball
 * @returns {{ tarball: string, files: string[] }} `files` are the paths in it
 */
export function packTarball(folder) {
  const { status, stdout, stderr } = spawnSync("npm", ["pack", "--json", "--pack-destination", folder], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: cleanVariables(),
  });
  assert.equal(status, 0, stderr);
  const report = JSON.parse(stdout);
  const [packed] = Array.isArray(report) ? report : Object.values(report); // npm 12 answers with an object
  return {
    tarball: join(folder, packed.filename),
    files: packed.files.map((/** @type {{ path: string }} */ { path }) => path).sort(),
  };
}

/** The environment without the variables that npm gives to the scripts that it runs, and without TSLORA_HOME. */
export function cleanVariables() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^npm_|^NODE_TEST_CONTEXT$|^(?:TSLORA_HOME|TSLORA_OUTPUT|NODE_OPTIONS)$/i.test(name),
    ),
  );
}
