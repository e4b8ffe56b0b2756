// @ts-check
import { existsSync } from "node:fs";
import { join } from "node:path";

import { findTool } from "./find-tool.mjs";
import { SetUpError } from "./set-up-error.mjs";

/** The last JupyterLab for Python 3.9. */
const JUPYTERLAB = "jupyterlab==4.5.11";

/**
 * The stage that brings JupyterLab into an environment of the clone's own. It is started with `python -m`, because the
 * scripts that pip writes name the folder that the environment was made in.
 *
 * @param {string} root
 * @returns {import("./run-stages.mjs").Stage}
 */
export function installLab(root) {
  const place = ".tslora/lab";
  return {
    name: "lab",
    title: "JupyterLab 4.5",
    place,
    needs: ["python"],
    bytes: 8e8,
    key: () => `${JUPYTERLAB} ${process.platform}-${process.arch}`,
    isWhole: () => existsSync(join(root, place, "bin", "python")), // a link that leads nowhere once its Python is gone
    async make(work) {
      const found = findTool("python");
      if ("problem" in found) throw new SetUpError(found.problem);
      const home = join(work.staging, "lab");
      work.say("making an environment");
      await work.run([...found.commandLine, "-m", "venv", home]);
      await work.watch(home, {
        work: work.run([join(home, "bin", "python"), "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--only-binary=:all:", JUPYTERLAB], {
          env: { TMPDIR: work.staging, PIP_USER: "0" },
        }),
      });
      return home;
    },
  };
}
