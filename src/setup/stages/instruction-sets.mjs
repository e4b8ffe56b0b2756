// @ts-check
import { readFileSync } from "node:fs";

import { SetUpError } from "../tools/set-up-error.mjs";

/**
 * A set of instructions that the kernels may be compiled for.
 * @typedef {"baseline" | "avx2" | "avx512"} InstructionSet
 */

/**
 * The compiler's flags for each set, the narrowest first.
 * @type {Readonly<Record<InstructionSet, readonly string[]>>}
 */
const FLAGS = {
  baseline: [],
  avx2: ["-mavx2", "-mfma"],
  avx512: ["-mavx512f", "-mavx512vl", "-mavx512dq", "-mavx512bw", "-mavx2", "-mfma", "-mprefer-vector-width=512"],
};
/**
 * Features that the processor must have for each set, by the names of /proc/cpuinfo; the kernels'
 * operations/instructions.cc requires the same ones.
 * @type {Readonly<Record<InstructionSet, readonly string[]>>}
 */
const FEATURES = {
  baseline: [],
  avx2: ["avx2", "fma"],
  avx512: ["avx2", "fma", "avx512f", "avx512vl", "avx512dq", "avx512bw"],
};

/** @param {InstructionSet} set */
export function flagsOf(set) {
  return FLAGS[set];
}

/**
 * The sets that kernels are compiled for on a platform, the narrowest first.
 *
 * @param {string} [arch]
 * @returns {readonly InstructionSet[]}
 */
export function allSets(arch = process.arch) {
  return arch === "x64" ? ["baseline", "avx2", "avx512"] : ["baseline"];
}

/**
 * The widest set that this processor has; its kernels are used at run time.
 *
 * @param {string} [features]  the processor's, in the words of /proc/cpuinfo
 * @param {string} [arch]
 * @returns {InstructionSet}
 */
export function widestSet(features = readFeatures(), arch = process.arch) {
  const has = new Set(features.split(/\s+/));
  return [...allSets(arch)].reverse().find((set) => FEATURES[set].every((feature) => has.has(feature))) ?? "baseline";
}

/**
 * The sets that must be compiled: those in `TSLORA_INSTRUCTIONS`, or the widest that this processor has.
 *
 * @param {{ all?: boolean, arch?: string }} [options]  with `all`, every set of the platform
 * @returns {readonly InstructionSet[]}
 * @throws {SetUpError} if `TSLORA_INSTRUCTIONS` names no set, or one of another kind of processor
 */
export function neededSets({ all = false, arch = process.arch } = {}) {
  const wish = process.env["TSLORA_INSTRUCTIONS"] ?? "";
  const sets = allSets(arch);
  const wished = sets.find((set) => set === wish);
  if (wish !== "" && wished === undefined) {
    const must = Object.hasOwn(FLAGS, wish)
      ? `name instructions of this processor (${sets.join(", ")})`
      : `be ${Object.keys(FLAGS).join(", ")}`;
    throw new SetUpError(
      `TSLORA_INSTRUCTIONS must ${must}; got ${JSON.stringify(wish.slice(0, 60))}. Leave it out for the widest that the processor has.`,
    );
  }
  if (all) return sets;
  return [wished ?? widestSet(readFeatures(), arch)];
}

function readFeatures() {
  try {
    return /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
  } catch {
    return ""; // another system: the baseline
  }
}
