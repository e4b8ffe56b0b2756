// @ts-check
import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

import { kernelObjects, KERNELS, kernelUnits, SIGNAL_THREAD } from "./binding-commands.mjs";
import { findTool } from "../tools/find-tool.mjs";
import { hashFiles } from "../tools/hash-files.mjs";
import { allSets, neededSets } from "./instruction-sets.mjs";
import { doneKey } from "../tools/run-stages.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

const NAME = "kernels";
const PLACE = ".tslora/kernels";

/**
 * The stage that compiles the CPU kernels for the needed instruction sets. It needs only a compiler, so it runs during
 * the downloads. It keeps sets that were compiled from the same sources before.
 *
 * @param {string} root  with the sources
 * @param {{ allInstructions?: boolean, site?: string }} [options]  with `allInstructions`, for every set of this
 *   platform; `site` is the folder whose `.tslora` gets the result, if it is not the root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function compileKernels(root, { allInstructions = false, site = root } = {}) {
  const needed = neededSets({ all: allInstructions });
  const hash = `${hashFiles(root, { paths: ["src/setup/stages/binding-commands.mjs", "src/setup/stages/instruction-sets.mjs", SIGNAL_THREAD, KERNELS] })} ${process.platform}-${process.arch}`;
  /** Read each time: another process may have added a set meanwhile. */
  const compiled = () => (doneKey(NAME, site)?.startsWith(`${hash} `) === true ? compiledSets(site) : []);
  const sets = () => allSets().filter((set) => needed.includes(set) || compiled().includes(set));
  return {
    name: NAME,
    title: `The kernels for this processor (${needed.join(", ")})`,
    place: PLACE,
    needs: ["compiler"],
    bytes: 1e7,
    key: () => `${hash} ${sets().join("+")}`,
    isWhole: () => kernelObjects(sets()).every((object) => existsSync(join(site, PLACE, object))),
    async make(work) {
      const compiler = findTool("compiler");
      if ("problem" in compiler) throw new SetUpError(compiler.problem);
      const made = join(work.staging, "kernels");
      mkdirSync(made);
      const there = kernelObjects(compiled()).filter(
        (object) => compiled().length > 0 && existsSync(join(site, PLACE, object)),
      );
      for (const object of there) copyFileSync(join(site, PLACE, object), join(made, object));
      const units = kernelUnits(root, { compiler: compiler.commandLine, sets: sets() }).filter(
        ({ object }) => !there.includes(object),
      );
      await work.runAll(units.map(({ commandLine }) => commandLine(made)));
      return made;
    },
  };
}

/**
 * The sets of instructions that kernels were compiled for.
 *
 * @param {string} site
 * @returns {readonly import("./instruction-sets.mjs").InstructionSet[]}
 */
export function compiledSets(site) {
  const marked = doneKey(NAME, site)?.split(" ").at(-1)?.split("+") ?? [];
  return allSets().filter((set) => marked.includes(set));
}

/**
 * The compiled kernels, to link with.
 *
 * @param {string} site
 */
export function compiledKernels(site) {
  return kernelObjects(compiledSets(site)).map((object) => join(site, PLACE, object));
}
