// @ts-check
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";

import { copyPackedPackages } from "./packed-packages.mjs";

/** In the clone, while npm packs it. */
export const DIST = "dist";

/**
 * Builds the folder that the tarball holds: the compiled package, and beside it the packages that npm cannot install by
 * their names. It is complete or missing.
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
    removeDist(root);
    renameSync(staging, join(root, DIST));
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/** Build information of the compiler. */
const LEFT_OUT = /\.tsbuildinfo$/;

/** @param {string} root */
export function removeDist(root) {
  if (existsSync(join(root, DIST))) rmSync(join(root, DIST), { recursive: true });
}
