// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";

import { findTool } from "./find-tool.mjs";
import { SetUpError } from "./set-up-error.mjs";

/**
 * A stage that makes a Python environment of the clone's own with packages in it. What is in it is started with
 * `python -m`, because the scripts that pip writes name the folder that the environment was made in.
 *
 * @param {string} root
 * @param {{ name: string, title: string, place: string, bytes: number, packages: readonly (readonly string[])[] }} options
 *   the packages, pinned, in groups that are installed one after the other
 * @returns {import("./run-stages.mjs").Stage}
 */
export function makeEnvironment(root, { name, title, place, bytes, packages }) {
  return {
    name,
    title,
    place,
    needs: ["python"],
    bytes,
    key: () => `${packages.flat().join(" ")} ${process.platform}-${process.arch}`,
    isWhole: () => existsSync(join(root, place, "bin", "python")), // a link that leads nowhere once its Python is gone
    async make(work) {
      const found = findTool("python");
      if ("problem" in found) throw new SetUpError(found.problem);
      const home = join(work.staging, "environment");
      work.say("making an environment");
      await work.run([...found.commandLine, "-m", "venv", home]);
      for (const group of packages) {
        await work.watch(home, {
          work: work.run([join(home, "bin", "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--only-binary=:all:", ...group], {
            env: { TMPDIR: work.staging, PIP_USER: "0" },
          }),
        });
      }
      return home;
    },
  };
}
