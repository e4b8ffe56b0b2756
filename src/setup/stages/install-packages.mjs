// @ts-check
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";

import { findTool } from "../tools/find-tool.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

/**
 * Links in node_modules, by their path. danfojs-node requires @tensorflow/tfjs-node, and a process must not load two
 * TensorFlows: a link replaces the copy that npm installs under that name. The other two links are tslora's own name,
 * for notebooks and for npx.
 */
const LINKS = {
  "@tensorflow/tfjs-node": "tfjs-node-gpu",
  tslora: "../.tslora/package",
  ".bin/tslora": "../../src/setup/tslora.mjs",
};

/**
 * The stage that installs the npm packages by the lock file, without their install scripts.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function installPackages(root) {
  return {
    name: "packages",
    title: "npm packages by the lock file",
    place: "node_modules",
    needs: ["npm"],
    bytes: 1.5e9,
    // Node's version is no part of the key: the compiled packages use Node-API, which all versions have.
    key: () =>
      `${createHash("sha256")
        .update(readFileSync(join(root, "package-lock.json")))
        .digest("hex")
        .slice(0, 16)} ${process.platform}-${process.arch}`,
    isWhole: () =>
      existsSync(join(root, "node_modules", "typescript")) &&
      existsSync(join(root, "node_modules", "@tensorflow", "tfjs-node-gpu")),
    async make(work) {
      const npm = findTool("npm");
      if ("problem" in npm) throw new SetUpError(npm.problem);
      for (const file of ["package.json", "package-lock.json", ".npmrc"])
        copyFileSync(join(root, file), join(work.staging, file));
      const made = join(work.staging, "node_modules");
      await work.watch(made, {
        work: work.run(
          [
            ...npm.commandLine,
            "ci",
            "--ignore-scripts",
            "--prefer-offline",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
            "--prefix",
            work.staging,
          ],
          { cwd: work.staging },
        ),
      });
      linkPackages(made);
      return made;
    },
  };
}

/**
 * Makes missing or wrong links: after `npm ci`, and after an `npm install` by hand, which removes them.
 *
 * @param {string} packages  a node_modules folder
 */
export function linkPackages(packages) {
  for (const [name, target] of Object.entries(LINKS)) {
    const link = join(packages, name);
    const found = lstatSync(link, { throwIfNoEntry: false });
    if (found?.isSymbolicLink() && readlinkSync(link) === target) continue;
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { recursive: true, force: true });
    symlinkSync(target, link);
  }
}
