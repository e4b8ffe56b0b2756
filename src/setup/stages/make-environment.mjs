// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";

import { findTool } from "../tools/find-tool.mjs";
import { hashFiles } from "../tools/hash-files.mjs";
import { settleEnvironment } from "./settle-environment.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

const REQUIREMENTS = "src/setup/requirements";
/** Options of pip: only wheels, each checked against the hash in the lock file. */
const PIP_OPTIONS = [
  "--no-input",
  "--disable-pip-version-check",
  "--progress-bar",
  "off",
  "--only-binary=:all:",
  "--require-hashes",
  "--no-deps",
  "--no-compile",
];

/**
 * A stage that makes a Python environment in the clone and installs packages, checked against the hashes of the lock
 * file.
 *
 * @param {string} root
 * @param {{ name: string, title: string, place: string, bytes: number, tool: "python" | "python3.11", locks: readonly
 *   (readonly string[])[] }} options lock files that are installed in order; of a list of alternatives, the first whose
 *   packages the index has
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function makeEnvironment(root, { name, title, place, bytes, tool, locks }) {
  return {
    name,
    title,
    place,
    needs: [tool],
    bytes,
    key: () => {
      const stages = ["make-environment.mjs", "settle-environment.mjs"].map((name) => `src/setup/stages/${name}`);
      const paths = [...stages, ...locks.flat().map((lock) => `${REQUIREMENTS}/${lock}`)];
      return `${hashFiles(root, { paths })} ${process.platform}-${process.arch}`;
    },
    isWhole: () => existsSync(join(root, place, "bin", "python")), // a broken link if its Python was removed
    async make(work) {
      const found = findTool(tool);
      if ("problem" in found) throw new SetUpError(found.problem);
      const home = join(work.staging, "environment");
      work.say("making an environment");
      await work.run([...found.commandLine, "-m", "venv", home]);
      const python = join(home, "bin", "python");
      for (const alternatives of locks) await installFirst(alternatives, { work, root, home, python });
      await work.run([python, "-m", "pip", "check", "--disable-pip-version-check"]);
      work.say("compiling");
      // Some packages contain files for other Pythons, which do not compile; pip ignores that too.
      await work
        .run([python, "-m", "compileall", "-q", "-f", "-s", home, "-p", join(root, place), join(home, "lib")])
        .catch((error) => {
          if (error?.name !== "CommandError") throw error;
        });
      settleEnvironment(home, { from: home, to: join(root, place) });
      return home;
    },
  };
}

/**
 * Installs the first lock file whose packages the index has.
 *
 * @param {readonly string[]} locks
 * @param {{ work: import("../tools/run-stages.mjs").Work, root: string, home: string, python: string }} place
 */
async function installFirst(locks, { work, root, home, python }) {
  for (const [index, lock] of locks.entries()) {
    const requirement = join(root, REQUIREMENTS, lock);
    const install = work.run([python, "-m", "pip", "install", ...PIP_OPTIONS, "--requirement", requirement], {
      env: { TMPDIR: work.staging, PIP_USER: "0" },
    });
    const installed = install.then(
      () => true,
      (error) => {
        if (index === locks.length - 1 || !/No matching distribution found/.test(error?.output ?? "")) throw error;
        return false;
      },
    );
    if (await work.watch(home, { work: installed })) return;
  }
}
