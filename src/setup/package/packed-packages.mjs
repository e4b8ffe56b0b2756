// @ts-check
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, sep } from "node:path";

/**
 * A package whose code the tarball holds, since npm could not install it by its name from the registry alone.
 * @typedef {object} PackedPackage
 * @property {string} name
 * @property {string} why
 * @property {readonly string[]} parts  the files and folders that are copied
 * @property {readonly string[]} [withoutDependencies]  names in its `dependencies` that it does not need here
 */

/** @type {readonly PackedPackage[]} */
export const PACKED_PACKAGES = [
  {
    name: "@tensorflow/tfjs-node-gpu",
    why: "its install script downloads TensorFlow from a host that is no registry; tslora setup builds its binding",
    parts: ["dist", "binding"],
    withoutDependencies: ["@mapbox/node-pre-gyp", "adm-zip", "https-proxy-agent", "rimraf", "tar"],
  },
  {
    name: "danfojs-node",
    why: "it depends on @tensorflow/tfjs-node with the same script, and on xlsx from a host that is no registry",
    parts: ["dist", "README.md"],
    withoutDependencies: ["@tensorflow/tfjs-node"],
  },
  {
    name: "@xenova/transformers",
    why: "it depends on a version of sharp whose install script downloads from a host that is no registry",
    parts: ["src", "types", "LICENSE"],
    withoutDependencies: ["onnxruntime-web", "sharp"],
  },
];

/** Stubs that replace packages which the packed ones import: from `stubs` to the folder of the packed packages. */
const STUBS = {
  "tfjs-node.cjs": "@tensorflow/tfjs-node",
  "node-pre-gyp.cjs": "@mapbox/node-pre-gyp",
  "onnxruntime-web.cjs": "@xenova/transformers/node_modules/onnxruntime-web",
  "sharp.cjs": "@xenova/transformers/node_modules/sharp",
};

/** Entries that are removed from their package.json. */
const REMOVED = ["scripts", "dependencies", "optionalDependencies", "devDependencies"];

/** Source maps, and tests of the packages. */
const LEFT_OUT = /\.map$|_test\.(?:js|d\.ts)$|(?:^|\/)(?:run_tests|jasmine_\w+)\.(?:js|d\.ts)$/;

/**
 * Copies the packed packages into a node_modules folder next to the compiled package, where Node and TypeScript find
 * them by their names. They keep their code, names, versions and licences, but not their scripts and dependencies:
 * tslora itself depends on the packages that they need.
 *
 * @param {string} root  the clone
 * @param {string} target  the node_modules folder
 */
export function copyPackedPackages(root, target) {
  for (const { name, parts } of PACKED_PACKAGES) {
    const from = join(root, "node_modules", name);
    const to = join(target, name);
    for (const part of parts)
      cpSync(join(from, part), join(to, part), {
        recursive: true,
        filter: (path) => !LEFT_OUT.test(relative(from, path).split(sep).join("/")),
      });
    const manifest = Object.entries(readManifest(from)).filter(([key]) => !REMOVED.includes(key));
    writeManifest(to, Object.fromEntries(manifest));
  }
  for (const [file, name] of Object.entries(STUBS)) {
    const to = join(target, name);
    mkdirSync(to, { recursive: true });
    cpSync(join(root, "src", "setup", "package", "stubs", file), join(to, "index.js"));
    writeManifest(to, { name, version: "0.0.0", description: "A part of tslora", license: "MIT", main: "index.js" });
  }
}

/**
 * Lists the dependencies of a packed package with their version ranges.
 *
 * @param {string} root  the clone
 * @param {PackedPackage} packed
 * @returns {[name: string, range: string][]}
 */
export function neededBy(root, { name, withoutDependencies = [] }) {
  const { dependencies = {}, optionalDependencies = {} } = readManifest(join(root, "node_modules", name));
  return Object.entries({ ...dependencies, ...optionalDependencies }).filter(
    ([dependency]) => !withoutDependencies.includes(dependency),
  );
}

/** @param {string} folder */
function readManifest(folder) {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** @param {string} folder @param {object} manifest */
function writeManifest(folder, manifest) {
  writeFileSync(join(folder, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
}
