// @ts-check
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, sep } from "node:path";

import { copyPackedPackages } from "./packed-packages.mjs";

/** In the clone, while npm packs it. */
export const DIST = "dist";

/**
 * Builds the folder that the tarball holds: the compiled package, and the packages that npm cannot install by their
 * names. The folder is either complete or missing.
 *
 * @param {string} root  the clone, set up
 */
export function buildDist(root) {
  const staging = join(root, ".tslora", `dist-${process.pid}`);
  try {
    mkdirSync(staging, { recursive: true });
    const compiled = join(root, ".tslora", "package");
    for (const name of readdirSync(compiled).filter((each) => each !== "package.json" && each !== "node_modules"))
      cpSync(join(compiled, name), join(staging, name), {
        recursive: true,
        filter: (path) => !LEFT_OUT.test(basename(path)) && !path.startsWith(join(compiled, "ops", "kernels")),
      });
    copyPackedPackages(root, join(staging, "node_modules"));
    moveFrameTypes(staging);
    removeDist(root);
    renameSync(staging, join(root, DIST));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * Copies the types of danfojs to a folder that is not in the package's node_modules, and makes the compiled types name
 * them there: TypeScript names no type of a nested node_modules in a declaration, which each cell of a notebook has.
 *
 * @param {string} dist
 */
function moveFrameTypes(dist) {
  const types = join(dist, FRAME_TYPES);
  cpSync(join(dist, "node_modules", "danfojs-node", "dist"), types, {
    recursive: true,
    filter: (path) => !/\.[a-z]+$/.test(path) || path.endsWith(".d.ts"),
  });
  const entry = join(types, "danfojs-node", "src", "index");
  for (const file of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".d.ts") || file.startsWith("node_modules") || file.startsWith(FRAME_TYPES)) continue;
    const path = join(dist, file);
    const to = relative(dirname(path), entry).split(sep).join("/");
    const text = readFileSync(path, "utf8");
    const moved = text.replaceAll('"danfojs-node"', `"${to.startsWith(".") ? to : `./${to}`}"`);
    if (moved !== text) writeFileSync(path, moved);
  }
}

/** In dist. */
const FRAME_TYPES = "danfojs-types";

/** Build information of the compiler. */
const LEFT_OUT = /\.tsbuildinfo$/;

/** @param {string} root */
export function removeDist(root) {
  if (existsSync(join(root, DIST))) rmSync(join(root, DIST), { recursive: true });
}
