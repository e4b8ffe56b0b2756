// @ts-check
// Decides the places of things, for set-up and for the compiled package (src/base/places.ts): in a clone, and in a
// project that installed the package.
const { existsSync, readFileSync } = require("node:fs");
const { homedir } = require("node:os");
const { dirname, join, resolve, sep } = require("node:path");
const process = require("node:process");

/**
 * @typedef {object} Places
 * @property {string} root  the clone, or the installed package
 * @property {string} project  the clone, or the project whose node_modules holds the package
 * @property {string} site  the folder whose `.tslora` holds what set-up installs: the clone, the project, or a folder
 *   in TSLORA_HOME
 * @property {string} compiled  the compiled package
 * @property {boolean} installed  whether npm installed the package
 * @property {string} setUp  the command that sets up
 */

/**
 * The places for a package's root folder.
 *
 * @param {string} root
 * @param {Readonly<Record<string, string | undefined>>} [env]
 * @returns {Places}
 */
function placesOf(root, env = process.env) {
  // npm does not put the lock file into tarballs.
  if (existsSync(join(root, "package-lock.json")))
    return {
      root,
      project: root,
      site: root,
      compiled: join(root, ".tslora", "package"),
      installed: false,
      setUp: "npm run setup",
    };
  const project = projectOf(root);
  return {
    root,
    project,
    site: sharedSite(root, env) ?? project,
    compiled: join(root, "dist"),
    installed: true,
    setUp: "npx tslora setup",
  };
}

/**
 * The folder above the outermost node_modules: packages may be nested, and pnpm has folders of its own.
 * @param {string} root
 */
function projectOf(root) {
  const parts = root.split(sep);
  const at = parts.indexOf("node_modules");
  return at < 0 ? root : parts.slice(0, at).join(sep) || sep;
}

/**
 * The folder in TSLORA_HOME, one for each version and platform: the binding of one does not serve another.
 * @param {string} root @param {Readonly<Record<string, string | undefined>>} env
 */
function sharedSite(root, env) {
  const home = env["TSLORA_HOME"]?.trim() ?? "";
  if (home === "") return undefined;
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const folder = home === "~" || home.startsWith("~/") ? join(homedir(), home.slice(1)) : resolve(home);
  return join(folder, `${version}-${process.platform}-${process.arch}`);
}

/**
 * The folder of an npm package, as the compiled package would find it.
 *
 * @param {string} name
 * @param {Places} places
 * @returns {string | undefined} undefined if it is not installed
 */
function packageFolder(name, { compiled }) {
  for (let folder = compiled; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", ...name.split("/"));
    if (existsSync(join(candidate, "package.json"))) return candidate;
    if (folder === dirname(folder)) return undefined;
  }
}

module.exports = { packageFolder, placesOf };
