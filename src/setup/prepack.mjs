// @ts-check
// npm runs this before it packs (`prepack`) and afterwards (`postpack`, with the word "after"): it builds dist, which
// the tarball holds, and removes it again.
import { existsSync } from "node:fs";
import { join } from "node:path";

import { buildDist, removeDist } from "./package/build-dist.mjs";
import { makeStages } from "./make-stages.mjs";
import { compilePackage } from "./stages/compile-package.mjs";
import { installPackages, linkPackages } from "./stages/install-packages.mjs";
import { ROOT } from "./set-up.mjs";
import { SetUpError } from "./tools/set-up-error.mjs";

try {
  if (!existsSync(join(ROOT, "package-lock.json")))
    throw new SetUpError("this folder is no clone of tslora (it has no package-lock.json). Pack from a clone.");
  if (process.argv[2] === "after") removeDist(ROOT);
  else {
    await makeStages([installPackages(ROOT), compilePackage(ROOT)], { root: ROOT, what: "this clone" });
    linkPackages(join(ROOT, "node_modules"));
    buildDist(ROOT);
  }
} catch (error) {
  console.error(`npm pack is refused: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
