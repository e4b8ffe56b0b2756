// @ts-check
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { hashFiles } from "../tools/hash-files.mjs";
import { listFiles } from "../tools/list-files.mjs";
import { doneKey } from "../tools/run-stages.mjs";

const NAME = "package";
const PLACE = ".tslora/package";

/**
 * The stage that compiles `src` to the package that notebooks import as "tslora", with its types.
 *
 * @param {string} root
 * @param {{ checksTypes?: boolean }} [options]  whether the command checks the types, so this stage does not
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
      // `npm test` checked the types of a fresh clone's sources before the commit; later changes are checked here, or
      // by the command itself.
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
        // files that the code reads at run time
        if (file.startsWith("src/setup/") || /\.(ts|md)$/.test(file)) continue;
        const copy = join(made, file.slice("src/".length));
        mkdirSync(dirname(copy), { recursive: true });
        copyFileSync(join(root, file), copy);
      }
      // Ajv compiles the notebook's schemas more slowly than a kernel starts, so the compiled validators are written
      // into the package.
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
 * Changes the source's path in a source map to be relative to {@link PLACE}: tsc writes it relative to the staging
 * folder, two folders deeper.
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
