// @ts-check
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { flagsOf } from "./instruction-sets.mjs";

/** The package whose binding is built. */
export const PACKAGE = "@tensorflow/tfjs-node-gpu";
/** Its library, in an installed package: below TO_TENSORFLOW's depth, as in a clone. */
export const INSTALLED_PLACE = ".tslora/binding/tfjs-node-gpu/lib";
/** The kernels for CPUs, and the TensorFlow operations that call them. */
export const KERNELS = "src/ops/kernels";
const OPERATIONS = `${KERNELS}/operations`;
/** Graph functions, for steps that are one call of TensorFlow. */
const FUNCTIONS = `${KERNELS}/functions`;
/** Our own source in addition to the package's: without it a signal can crash a process that computes. */
export const SIGNAL_THREAD = "src/setup/stages/signal-thread.cc";
/** Sources that are compiled once for each instruction set. */
const PER_SET = [
  "kernels",
  "activation",
  "attention",
  "batched_product",
  "bf16",
  "dropout",
  "gelu",
  "int8_numbers",
  "int8_product",
  "low_rank",
  "norm",
  "product",
  "relative_attention",
  "rotary",
  "token_pool",
];
/**
 * Sources of {@link PER_SET} in which a product and a sum are rounded apart, so that all sets give the same numbers.
 */
const ROUNDED_ALIKE = ["int8_numbers"];
/** Sources that are compiled once and include only our headers. */
const COMMON = [`${KERNELS}/parallel.cc`, SIGNAL_THREAD];
/** Vectorizes loops; sums keep their order, except those that are marked. */
const VECTORS = ["-O3", "-fopenmp-simd", "-fno-math-errno", "-fno-trapping-math"];
const PLAIN = ["-O2"];
const ALWAYS = ["-fPIC"];
/** C++20, for designated initializers, under the name that GCC has since version 8. */
const OWN = ["-std=c++2a", ...ALWAYS];
/**
 * The package's sources, and TensorFlow's headers for C++. Our `functions/` registers the module, adds to what the
 * package registers, and counts the calls of TFE_Execute.
 */
const PACKAGED = [
  "-std=c++17",
  ...ALWAYS,
  "-Dnapi_register_module_v1=tslora_register_tfjs",
  "-DTFE_Execute=tslora_execute",
];
/**
 * The relative path from the binding to TensorFlow: a clone can be moved. The binding is five folders below the clone
 * or project, in use (node_modules/PACKAGE/lib/napi-v8 in a clone, INSTALLED_PLACE/napi-v8 in a project) and while it
 * is made and tried (.tslora/staging/binding/lib/napi-v8).
 */
const TO_TENSORFLOW = "../../../../../.tslora/tensorflow/tensorflow";

/**
 * A source to compile: its object's file name, and the compiler's command line that writes it into a folder.
 * @typedef {object} Unit
 * @property {string} object
 * @property {(folder: string) => string[]} commandLine
 */

/**
 * The part of the binding that includes only our headers: the kernels for the given instruction sets, and their common
 * sources.
 *
 * @param {string} root
 * @param {{ compiler: readonly string[], sets: readonly import("./instruction-sets.mjs").InstructionSet[] }} options
 * @returns {Unit[]}
 */
export function kernelUnits(root, { compiler, sets }) {
  return [
    ...sets.flatMap((set) =>
      PER_SET.map((source) =>
        unit(join(root, KERNELS, `${source}.cc`), kernelObject(source, set), [
          ...compiler,
          ...OWN,
          ...VECTORS,
          ...flagsOf(set),
          ...(ROUNDED_ALIKE.includes(source) ? ["-ffp-contract=off"] : []),
          `-DTSLORA_INSTRUCTIONS_NAME=${set}`,
        ]),
      ),
    ),
    ...COMMON.map((source) => unit(join(root, source), objectOf(source), [...compiler, ...OWN, ...PLAIN])),
  ];
}

/**
 * The file names of {@link kernelUnits}' objects.
 *
 * @param {readonly import("./instruction-sets.mjs").InstructionSet[]} sets
 */
export function kernelObjects(sets) {
  return [...sets.flatMap((set) => PER_SET.map((source) => kernelObject(source, set))), ...COMMON.map(objectOf)];
}

/**
 * The part of the binding that needs the headers of TensorFlow and Node: the package's own sources, and our operations.
 *
 * @param {string} root
 * @param {{ compiler: readonly string[], tensorflow?: string, packageOf?: (name: string) => string }} options
 *   `tensorflow` is the folder with TensorFlow's libraries and headers, `packageOf` gives the folder of an npm package
 * @returns {Unit[]}
 */
export function bindingUnits(
  root,
  { compiler, tensorflow = tensorflowFolder(root), packageOf = (name) => join(root, "node_modules", name) },
) {
  const headers = [`-I${join(tensorflow, "include")}`, `-I${join(packageOf("node-api-headers"), "include")}`];
  /** @param {string} folder @param {readonly string[]} standard */
  const unitsOf = (folder, standard) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".cc"))
      .map((file) =>
        unit(join(folder, file), objectOf(file), [...compiler, ...standard, ...PLAIN, "-DNAPI_VERSION=8", ...headers]),
      );
  const packaged = join(packageOf(PACKAGE), "binding");
  return [
    ...unitsOf(join(root, OPERATIONS), OWN),
    ...unitsOf(join(root, FUNCTIONS), [...OWN, `-I${packaged}`]),
    ...unitsOf(packaged, PACKAGED),
  ];
}

/**
 * The command line that links the binding.
 *
 * @param {string} root
 * @param {{ compiler: readonly string[], objects: readonly string[], binding: string, libraries: readonly string[],
 *   platform?: NodeJS.Platform, tensorflow?: string }} options `libraries` are names of files in TensorFlow's folder
 * @returns {string[]}
 */
export function linkCommand(
  root,
  { compiler, objects, binding, libraries, platform = process.platform, tensorflow = tensorflowFolder(root) },
) {
  const isMac = platform === "darwin";
  return [
    ...compiler,
    "-shared",
    ...(isMac ? ["-Wl,-undefined,dynamic_lookup"] : []),
    ...objects,
    "-pthread",
    ...libraries.map((library) => join(tensorflow, library)),
    `-Wl,-rpath,${isMac ? "@loader_path" : "$ORIGIN"}/${TO_TENSORFLOW}`,
    "-o",
    binding,
  ];
}

/** @param {string} root */
function tensorflowFolder(root) {
  return join(root, ".tslora", "tensorflow", "tensorflow");
}

/** @param {string} source @param {string} object @param {readonly string[]} compile @returns {Unit} */
function unit(source, object, compile) {
  return { object, commandLine: (folder) => [...compile, "-c", source, "-o", join(folder, object)] };
}

/** @param {string} source @param {string} set */
function kernelObject(source, set) {
  return `${source}-${set}.o`;
}

/** @param {string} source */
function objectOf(source) {
  return `${source.slice(source.lastIndexOf("/") + 1, -".cc".length)}.o`;
}
