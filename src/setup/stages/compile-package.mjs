// @ts-check
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { hashFiles } from "../tools/hash-files.mjs";
import { listFiles } from "../tools/list-files.mjs";
import { doneKey } from "../tools/run-stages.mjs";

const NAME = "package";
const PLACE = ".tslora/package";

/**
 * The stage that compiles `src` to the package that notebooks import as "tslora", its types beside it.
 *
 * @param {string} root
 * @param {{ checksTypes?: boolean }} [options]  whether the command checks types itself, so that this stage need not
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function compilePackage(root, { checksTypes = false } = {}) {
  return {
    name: NAME,
    title: "tslora itself, compiled",
    place: PLACE,
    after: ["packages"],
    needs: [],
    bytes: 5e7,
    key: () =>
      hashFiles(root, {
        paths: ["src", "tsconfig.json", "tsconfig.package.json", "package-lock.json"],
        leaveOut: ["src/setup"],
      }),
    isWhole: () => existsSync(join(root, PLACE, "package.json")),
    async make(work) {
      const made = join(work.staging, "package");
      // `npm test` checked a fresh clone's sources when they were committed; later changes are checked here, or by the
      // command itself.
      const check = checksTypes || doneKey(NAME, root) === undefined ? ["--noCheck"] : [];
      await work.run(
        [
          process.execPath,
          join(root, "node_modules", "typescript", "bin", "tsc"),
          "--project",
          join(root, "tsconfig.package.json"),
          "--outDir",
          made,
          "--pretty",
          "false",
          ...check,
        ],
        { cwd: root },
      );
      for (const map of listFiles(made, ".").filter((file) => file.endsWith(".js.map"))) nameSources(join(made, map));
      for (const file of listFiles(root, "src")) {
        // files beside the code that are read at run time
        if (file.startsWith("src/setup/") || /\.(ts|md)$/.test(file)) continue;
        const copy = join(made, file.slice("src/".length));
        mkdirSync(dirname(copy), { recursive: true });
        copyFileSync(join(root, file), copy);
      }
      // Ajv takes longer to compile the notebook's schemas than a kernel to start: their validators are laid beside
      // their source.
      await work.run([process.execPath, join(made, "notebook", "format", "write-validators.js")], { cwd: root });
      const { name, version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
      writeFileSync(
        join(made, "package.json"),
        `${JSON.stringify({ name, version, license, private: true, main: "./index.js", types: "./index.d.ts" }, null, 2)}\n`,
      );
      return made;
    },
  };
}

/**
 * Makes a source map name its source as seen from {@link PLACE}: tsc names it as seen from the staging folder, which
 * is two folders deeper.
 * @param {string} path
 */
function nameSources(path) {
  const map = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(
    path,
    JSON.stringify({
      ...map,
      sources: map.sources.map((/** @type {string} */ source) => source.replace(/^\.\.\/\.\.\//, "")),
    }),
  );
}
