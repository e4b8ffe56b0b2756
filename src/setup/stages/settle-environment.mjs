// @ts-check
import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The first lines of a script that starts the Python in its own folder, wherever the environment is. */
const RELOCATABLE = `#!/bin/sh\n'''exec' "$(dirname -- "$(realpath -- "$0")")/python" "$0" "$@"\n' '''\n`;
/** pip's first lines: Python's path, or a start through the shell if the path is long or contains a blank. */
const OWN_PYTHON = /^#!(?:\/bin\/sh\n'''exec' )?"?([^\n"]+)\/bin\/python[\d.]*"?(?: "\$0" "\$@"\n' ''')?\n/;

/**
 * Updates the path of a moved Python environment: console scripts find the Python in their folder, and other files that
 * contain the path (pyvenv.cfg, activation scripts, kernelspecs, links to packages) get the new one.
 *
 * @param {string} environment  its current path
 * @param {{ from: string, to: string }} folders  the path that it contains, and the new one
 */
export function settleEnvironment(environment, { from, to }) {
  for (const path of namingFiles(environment)) {
    const text = readFileSync(path, "utf8");
    const settled = text
      .replace(OWN_PYTHON, (lines, folder) => (folder === from ? RELOCATABLE : lines))
      .replaceAll(from, to);
    if (settled !== text) writeFileSync(path, settled);
  }
}

/** The files that may contain the environment's path. @param {string} environment @returns {string[]} */
function namingFiles(environment) {
  const packages = filesUnder(join(environment, "lib"), (name) => name === "direct_url.json" || name.endsWith(".pth"));
  return [
    join(environment, "pyvenv.cfg"),
    ...filesUnder(join(environment, "bin")),
    ...filesUnder(join(environment, "share"), (name) => name === "kernel.json"),
    ...filesUnder(join(environment, "etc")),
    ...packages,
  ].filter(isText);
}

/** @param {string} folder @param {(name: string) => boolean} [accepts] @returns {string[]} */
function filesUnder(folder, accepts = () => true) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesUnder(path, accepts);
    return entry.isFile() && accepts(entry.name) ? [path] : [];
  });
}

/** @param {string} path */
function isText(path) {
  return (
    lstatSync(path, { throwIfNoEntry: false })?.isFile() === true && !readFileSync(path).subarray(0, 4096).includes(0)
  );
}
