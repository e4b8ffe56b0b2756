// @ts-check
import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { passOn } from "../tools/pass-on.mjs";
import { readOptions, UsageError } from "../tools/read-options.mjs";
import { emulated, runTestFiles, tableOf, writeEmulatedNode } from "./run-test-files.mjs";
import { allSets, widestSet } from "../stages/instruction-sets.mjs";

/** The tests of computations: kernels, operations, models, adapters, losses and training. */
const FILES = [
  "ops/kernels",
  "ops/ops",
  "ops/hostile-kernels",
  "ops/attention-blocks",
  "ops/relative-attention",
  "ops/int8-products",
  "ops/bfloat16-products",
  "ops/graph-ops",
  "model/classification-model",
  "model/architectures",
  "model/checkpoints",
  "model/first-token-attention",
  "model/weights-in-memory",
  "lora/adapter",
  "lora/adapter-set",
  "lora/dora-linear",
  "lora/peft-files",
  "lora/weighted-adapter",
  "training/losses",
  "training/train",
  "training/graph",
  "training/micro-batches",
  "training/saved-runs",
  "training/pending-steps",
];
/** The tests for an emulator, which is about twenty times slower: every kernel, a whole model, and training. */
const EMULATED = ["ops/kernels", "ops/ops", "model/classification-model", "training/losses", "training/pending-steps"];

export const INSTRUCTIONS_HELP = `npm run test:instructions [-- options]
  --only WORD    the sets with the word in their name; may be given several times
  --file WORD    the test files with the word in their path; may be given several times
Runs the tests of kernels, operations, models, adapters and training for each
set of instructions that this machine has, and prints how many passed for each.
Processors without AVX-512 are emulated with qemu-x86_64-static (Debian: apt-get
install qemu-user-static). An emulator is slow: without --file, only these run:
${EMULATED.slice(0, 2).join(", ")},
${EMULATED.slice(2).join(", ")}; of ops/kernels, those that start no
further process and take fewer than 400 columns.`;

/**
 * Patterns that select, for an emulator, the tests of kernels that neither start processes nor compute for long. Node
 * also matches a pattern with the name of the root suite, "" or "<root>", so a pattern must not match it.
 */
export const EMULATED_PATTERNS = {
  "ops/kernels":
    "^(?=[^<])(?!.*(400 columns|product \\[(130|300),|the kernels for |number of threads|instructions that are not there))",
};
/** Emulated processors without AVX-512, less the features that the emulator lacks. */
const PROCESSORS = [
  "Haswell,-pcid,-x2apic,-tsc-deadline,-hle,-invpcid,-rtm",
  "EPYC,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext,-nrip-save,-xsavec",
];
const QEMU = "qemu-x86_64-static";

/**
 * One way to run the tests: an instruction set, a number of threads, or an emulated processor.
 * @typedef {object} Way
 * @property {string} name
 * @property {string} how
 * @property {Record<string, string>} env
 * @property {string} [kernels]  the instruction set that our kernels must use
 * @property {string} [processor]  the emulated processor
 * @property {string} [missing]  the reason why it cannot run here
 */

/** @returns {Way[]} every way, with the reason for those that cannot run on this machine */
export function waysToRun() {
  const here = allSets().indexOf(widestSet());
  const emulator =
    process.arch === "x64" && process.platform === "linux" && spawnSync(QEMU, ["--version"]).status === 0;
  return [
    { name: "default", how: "as this machine runs it", env: {}, kernels: widestSet() },
    ...allSets().map((set, place) => ({
      name: set,
      how: `TSLORA_INSTRUCTIONS=${set}`,
      env: { TSLORA_INSTRUCTIONS: set },
      kernels: set,
      ...(place <= here ? {} : { missing: `this processor has no ${set}` }),
    })),
    { name: "one thread", how: "TF_NUM_INTRAOP_THREADS=1", env: { TF_NUM_INTRAOP_THREADS: "1" } },
    { name: "five threads", how: "TF_NUM_INTRAOP_THREADS=5", env: { TF_NUM_INTRAOP_THREADS: "5" } },
    ...PROCESSORS.map((processor) => ({
      name: `${processor.split(",")[0]}, emulated`,
      how: `${QEMU} -cpu ${processor.split(",")[0]}`,
      env: {},
      kernels: "avx2",
      processor,
      ...(emulator ? {} : { missing: `${QEMU} is missing. Debian: apt-get install qemu-user-static` }),
    })),
  ];
}

/**
 * The ways and the test files that the options select.
 *
 * @param {readonly string[]} parameters
 * @returns {{ ways: Way[], filesOf: (way: Way) => string[] }}
 */
export function chooseWays(parameters) {
  const options = /** @type {const} */ ({
    only: { type: "string", multiple: true },
    file: { type: "string", multiple: true },
  });
  const { only = [], file = [] } = /** @type {{ only?: string[], file?: string[] }} */ (
    readOptions(parameters, { help: INSTRUCTIONS_HELP, options }).values
  );
  const ways = waysToRun().filter(({ name }) => only.length === 0 || only.some((word) => name.includes(word)));
  if (ways.length === 0)
    throw new UsageError(
      `--only must be part of a set's name; got ${short(only)}. The sets are ${waysToRun()
        .map(({ name }) => name)
        .join("; ")}.`,
    );
  const named = FILES.filter((path) => file.some((word) => path.includes(word)));
  if (file.length > 0 && named.length === 0)
    throw new UsageError(
      `--file must be part of a test file's path; got ${short(file)}. The files are ${FILES.join(", ")}.`,
    );
  return { ways, filesOf: ({ processor }) => (file.length > 0 ? named : processor === undefined ? FILES : EMULATED) };
}

const short = (/** @type {readonly string[]} */ words) =>
  words
    .slice(0, 3)
    .map((word) => JSON.stringify(word.slice(0, 40)))
    .join(" or ");

/**
 * Compiles the tests, runs them in every way, and prints a table.
 *
 * @param {readonly string[]} parameters
 * @param {{ root: string }} options
 * @returns {Promise<number>} 1 if a test failed
 */
export async function testInstructions(parameters, { root }) {
  const { ways, filesOf } = chooseWays(parameters);
  const compiled = await passOn(
    [process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"],
    { cwd: root },
  );
  if (compiled !== 0) return compiled;
  const rows = [["set", "how", "kernels", "files", "passed", "failed", "skipped", "time"]];
  /** @type {string[]} */
  const failures = [];
  for (const way of ways.filter(({ missing }) => missing === undefined)) {
    const { name, how, env, processor } = way;
    const start = Date.now();
    console.error(`${name} (${how})`);
    const node =
      processor === undefined ? undefined : join(root, ".tslora", "emulated", name.replace(/\W+/g, "-"), "node");
    if (node !== undefined) writeEmulatedNode(node, [QEMU, "-cpu", processor ?? "", process.execPath]);
    const kernels = readKernels({ root, node, env });
    if (way.kernels !== undefined && kernels !== way.kernels)
      failures.push(`${name}: the kernels must be those for ${way.kernels}; got ${kernels}`);
    const emulation = node === undefined ? {} : { node, patterns: EMULATED_PATTERNS };
    const { passed, failed, skipped, failedFiles } = await runTestFiles(filesOf(way), {
      folder: join(root, ".tslora", "tests", "test"),
      cwd: root,
      env,
      ...emulation,
    });
    failures.push(...failedFiles.map((file) => `${name}: ${file}`));
    rows.push([
      name,
      how,
      kernels,
      ...[filesOf(way).length, passed, failed, skipped].map(String),
      `${Math.round((Date.now() - start) / 1000)} s`,
    ]);
  }
  console.log(tableOf(rows));
  const left = ways.flatMap(({ name, missing }) => (missing === undefined ? [] : [`${name} (${missing})`]));
  if (left.length > 0) console.log(`Not run here: ${left.join("; ")}.`);
  console.log(
    failures.length > 0
      ? `Failed:\n${failures.map((each) => `  ${each}`).join("\n")}`
      : "Every set that was run passed.",
  );
  return failures.length === 0 ? 0 : 1;
}

/**
 * The instruction set that the kernels use. It shows that an emulated processor lacks the wider sets.
 *
 * @param {{ root: string, node: string | undefined, env: Record<string, string> }} options
 * @returns {string}
 */
function readKernels({ root, node, env }) {
  const script = 'console.log(require("./.tslora/tests/src/ops/kernel-ops").kernelOps().instructions)';
  const { stdout, stderr } = spawnSync(node ?? process.execPath, ["-e", script], {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "2", ...emulated(node), ...env },
  });
  return stdout.trim() || `none: ${stderr.trim().split("\n").at(-1)?.slice(0, 120) ?? ""}`;
}
