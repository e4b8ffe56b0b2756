// @ts-check
import { mkdirSync } from "node:fs";
import { join } from "node:path";

import { bindingUnits, linkCommand } from "./binding-commands.mjs";
import { compiledKernels } from "./compile-kernels.mjs";
import { findTool } from "../tools/find-tool.mjs";
import { hashFiles } from "../tools/hash-files.mjs";
import { doneKey } from "../tools/run-stages.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";
import { supportedPlatform, TENSORFLOW_VERSION } from "./supported-platform.mjs";

/**
 * The stage of the binding: compiles tfjs-node's binding (two C++ files over Node-API) and our operations against
 * TensorFlow's library, links them with the kernels, and tries the result.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function buildBinding(root) {
  const hash = hashFiles(root, {
    paths: ["src/setup/stages/build-binding.mjs", "src/setup/stages/binding-commands.mjs", "src/ops/kernels"],
  });
  return {
    name: "binding",
    title: "The binding between Node and TensorFlow",
    place: "node_modules/@tensorflow/tfjs-node-gpu/lib",
    after: ["packages", "tensorflow", "kernels"],
    needs: ["compiler"],
    bytes: 1e7,
    key: () => `${TENSORFLOW_VERSION} ${hash} with kernels ${doneKey("kernels", root) ?? "to come"}`,
    async make(work) {
      const compiler = findTool("compiler");
      if ("problem" in compiler) throw new SetUpError(compiler.problem);
      const made = join(work.staging, "lib");
      const folder = join(made, "napi-v8");
      const binding = join(folder, "tfjs_binding.node");
      const objects = join(work.staging, "objects");
      for (const each of [folder, objects]) mkdirSync(each, { recursive: true });
      const units = bindingUnits(root, { compiler: compiler.commandLine });
      await work.runAll(units.map(({ commandLine }) => commandLine(objects)));
      work.say("linking");
      await work.run(
        linkCommand(root, {
          compiler: compiler.commandLine,
          objects: [...units.map(({ object }) => join(objects, object)), ...compiledKernels(root)],
          binding,
          libraries: supportedPlatform()?.libraries ?? [],
        }),
      );
      work.say("trying it");
      await work.run([process.execPath, join(root, "src", "setup", "stages", "try-binding.mjs"), binding], {
        env: { TF_CPP_MIN_LOG_LEVEL: "2" },
      });
      return made;
    },
  };
}
