// @ts-check
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { bindingUnits, INSTALLED_PLACE, linkCommand, PACKAGE } from "./binding-commands.mjs";
import { compiledKernels } from "./compile-kernels.mjs";
import places from "../places.cjs";
import { findTool } from "../tools/find-tool.mjs";
import { hashFiles } from "../tools/hash-files.mjs";
import { doneKey } from "../tools/run-stages.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";
import { supportedPlatform, TENSORFLOW_VERSION } from "./supported-platform.mjs";

const TRY = fileURLToPath(new URL("./try-binding.mjs", import.meta.url));

/**
 * The stage of the binding: compiles tfjs-node's binding (two C++ files over Node-API) and our operations against
 * TensorFlow's library, links them with the kernels, and tries the result.
 *
 * @param {string} root  with the sources
 * @param {{ site?: string }} [options]  the folder whose `.tslora` holds TensorFlow and kernels, if it is not the root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function buildBinding(root, { site = root } = {}) {
  const hash = hashFiles(root, {
    paths: ["src/setup/stages/build-binding.mjs", "src/setup/stages/binding-commands.mjs", "src/ops/kernels"],
  });
  return {
    name: "binding",
    title: "The binding between Node and TensorFlow",
    place: site === root ? `node_modules/${PACKAGE}/lib` : INSTALLED_PLACE,
    after: ["packages", "tensorflow", "kernels"],
    needs: ["compiler"],
    bytes: 1e7,
    key: () => `${TENSORFLOW_VERSION} ${hash} with kernels ${doneKey("kernels", site) ?? "to come"}`,
    async make(work) {
      const compiler = findTool("compiler");
      if ("problem" in compiler) throw new SetUpError(compiler.problem);
      const made = join(work.staging, "lib");
      const folder = join(made, "napi-v8");
      const binding = join(folder, "tfjs_binding.node");
      const objects = join(work.staging, "objects");
      for (const each of [folder, objects]) mkdirSync(each, { recursive: true });
      const units = bindingUnits(root, {
        compiler: compiler.commandLine,
        tensorflow: join(site, ".tslora", "tensorflow", "tensorflow"),
        packageOf: (name) => folderOf(name, root),
      });
      await work.runAll(units.map(({ commandLine }) => commandLine(objects)));
      work.say("linking");
      await work.run(
        linkCommand(site, {
          compiler: compiler.commandLine,
          objects: [...units.map(({ object }) => join(objects, object)), ...compiledKernels(site)],
          binding,
          libraries: supportedPlatform()?.libraries ?? [],
        }),
      );
      work.say("trying it");
      await work.run([process.execPath, TRY, binding], {
        env: { TF_CPP_MIN_LOG_LEVEL: "2" },
      });
      return made;
    },
  };
}

/** @param {string} name @param {string} root */
function folderOf(name, root) {
  const folder = places.packageFolder(name, places.placesOf(root));
  if (folder === undefined) throw new SetUpError(`The package ${name} must be installed beside tslora; it is missing.`);
  return folder;
}
