// @ts-check
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { passOn } from "./pass-on.mjs";
import { readOptions } from "./read-options.mjs";
import { runTestFiles, writeEmulatedNode } from "./run-test-files.mjs";
import { allSets, widestSet } from "./instruction-sets.mjs";
import { SetUpError } from "./set-up-error.mjs";

export const INSTRUCTIONS_HELP = `npm run test:instructions [-- options]
  --only WORD    the sets with the word in their name; may be given several times
Runs the tests of kernels, operations, models and training for each set of instructions that this machine can run, or
emulate with qemu-x86_64-static (Debian: apt-get install qemu-user-static), and prints how many passed for each.`;

/** What computes: kernels, operations, models, adapters, losses and training. */
const FILES = [
  "device/kernels", "device/ops", "device/hostile-kernels", "model/classification-model", "model/checkpoints", "model/first-token-attention", "model/weights-in-memory",
  "lora/adapter", "lora/adapter-set", "lora/dora-linear", "lora/peft-files", "lora/weighted-adapter", "training/losses", "training/train", "training/unread-steps",
];
/** An emulator takes some twenty times as long: a part that holds every kernel, a whole model and training. */
const EMULATED = ["device/kernels", "device/ops", "model/classification-model", "training/losses", "training/unread-steps"];
/** Processors without AVX-512, less what the emulator warns that it lacks. */
const PROCESSORS = ["Haswell,-pcid,-x2apic,-tsc-deadline,-hle,-invpcid,-rtm", "EPYC"];
/** What oneDNN calls the sets that our kernels are compiled for. */
const ONEDNN = { baseline: "SSE41", avx2: "AVX2", avx512: "AVX512_CORE" };
const QEMU = "qemu-x86_64-static";

/**
 * A way to run the tests.
 * @typedef {object} Way
 * @property {string} name
 * @property {string} how
 * @property {Record<string, string>} env
 * @property {string} [processor]  the emulator's
 * @property {string} [missing]  why it cannot be run here
 */

/** @returns {Way[]} every way, those that this machine lacks with the reason */
export function waysToRun() {
  const here = allSets().indexOf(widestSet());
  const emulator = process.arch === "x64" && process.platform === "linux" && spawnSync(QEMU, ["--version"]).status === 0;
  return [
    { name: "default", how: "as this machine runs it", env: {} },
    ...allSets().map((set, place) => ({
      name: set,
      how: `TSLORA_INSTRUCTIONS=${set} ONEDNN_MAX_CPU_ISA=${ONEDNN[set]}`,
      env: { TSLORA_INSTRUCTIONS: set, ...(process.arch === "x64" ? { ONEDNN_MAX_CPU_ISA: ONEDNN[set] } : {}) },
      ...(place <= here ? {} : { missing: `this processor has no ${set}` }),
    })),
    { name: "AVX", how: "ONEDNN_MAX_CPU_ISA=AVX", env: { ONEDNN_MAX_CPU_ISA: "AVX" } },
    { name: "without oneDNN", how: "TF_ENABLE_ONEDNN_OPTS=0", env: { TF_ENABLE_ONEDNN_OPTS: "0" } },
    { name: "one thread", how: "TF_NUM_INTRAOP_THREADS=1", env: { TF_NUM_INTRAOP_THREADS: "1" } },
    { name: "five threads", how: "TF_NUM_INTRAOP_THREADS=5", env: { TF_NUM_INTRAOP_THREADS: "5" } },
    ...PROCESSORS.map((processor) => ({
      name: `${processor.split(",")[0]}, emulated`,
      how: `${QEMU} -cpu ${processor.split(",")[0]}`,
      env: {},
      processor,
      ...(emulator ? {} : { missing: `${QEMU} is missing. Debian: apt-get install qemu-user-static` }),
    })),
  ];
}

/**
 * @param {readonly string[]} parameters
 * @returns {Way[]} those that are asked for
 */
export function chooseWays(parameters) {
  const { only = [] } = /** @type {{ only?: string[] }} */ (readOptions(parameters, { help: INSTRUCTIONS_HELP, options: { only: { type: "string", multiple: true } } }).values);
  const ways = waysToRun().filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)));
  if (ways.length === 0) throw new SetUpError(`No set has ${only.join(" or ")} in its name; there are ${waysToRun().map(({ name }) => name).join("; ")}.`);
  return ways;
}

/**
 * Compiles the tests, runs them in every way, and prints a table.
 *
 * @param {readonly string[]} parameters
 * @param {{ root: string }} options
 * @returns {Promise<number>} 1 where a test failed
 */
export async function testInstructions(parameters, { root }) {
  const ways = chooseWays(parameters);
  const compiled = await passOn([process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"], { cwd: root });
  if (compiled !== 0) return compiled;
  const rows = [["set", "how", "passed", "failed", "skipped"]];
  let failures = 0;
  for (const { name, how, env, processor, missing } of ways) {
    if (missing !== undefined) {
      rows.push([name, how, "not run", "", missing]);
      continue;
    }
    console.error(`${name} (${how}) ...`);
    const node = processor === undefined ? undefined : join(root, ".tslora", "emulated", name.replace(/\W+/g, "-"), "node");
    if (node !== undefined) writeEmulatedNode(node, [QEMU, "-cpu", processor ?? "", process.execPath]);
    const files = (processor === undefined ? FILES : EMULATED).map((file) => join(root, ".tslora", "tests", "test", `${file}.test.js`));
    const { passed, failed, skipped } = await runTestFiles(files, { cwd: root, env, ...(node === undefined ? {} : { node }) });
    failures += failed;
    rows.push([name, how, String(passed), String(failed), String(skipped)]);
    console.error(`  ${passed} passed, ${failed} failed, ${skipped} skipped`);
  }
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length))) ?? [];
  console.log(rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ").trimEnd()).join("\n"));
  const left = ways.filter(({ missing }) => missing !== undefined);
  console.log(left.length === 0 ? "Every set was run." : `Not run here: ${left.map(({ name }) => name).join("; ")}.`);
  return failures === 0 ? 0 : 1;
}
