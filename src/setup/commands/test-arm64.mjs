// @ts-check
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { passOn } from "../tools/pass-on.mjs";
import { ARM64, copyTests } from "../stages/prepare-arm64.mjs";
import { runTestFiles, tableOf, writeEmulatedNode } from "./run-test-files.mjs";
import { EMULATED_PATTERNS } from "./test-instructions.mjs";
import { SetUpError } from "../tools/set-up-error.mjs";

export const ARM64_HELP = `npm run test:arm64
Cross-compiles the binding for 64-bit Arm and runs the tests of models, kernels and operations in qemu-aarch64-static;
of ops/kernels, those that start no further process and use fewer than 400 columns.
Debian: apt-get install qemu-user-static g++-aarch64-linux-gnu; everything else comes from npm and PyPI.`;

const QEMU = "qemu-aarch64-static";
/** The folder of the C and C++ libraries for 64-bit Arm of Debian's cross compiler. */
const LIBRARIES = "/usr/aarch64-linux-gnu";
const FILES = [
  "ops/kernels",
  "ops/ops",
  "ops/hostile-kernels",
  "ops/attention-blocks",
  "model/bad-input",
  "model/checkpoints",
  "model/classification-model",
  "model/first-token-attention",
  "model/weights-in-memory",
  "lora/dora-linear",
  "training/losses",
];

/** Throws if the emulator or the cross compiler is missing. */
export function checkArm64() {
  const missing = [QEMU, "aarch64-linux-gnu-g++"].filter((tool) => spawnSync(tool, ["--version"]).status !== 0);
  if (process.platform !== "linux")
    throw new SetUpError("npm run test:arm64 must be run on Linux, since the emulator runs Linux programs.");
  if (missing.length > 0 || !existsSync(LIBRARIES))
    throw new SetUpError(
      `${missing.join(" and ") || LIBRARIES} must be installed for npm run test:arm64. Debian: apt-get install qemu-user-static g++-aarch64-linux-gnu`,
    );
}

/**
 * Compiles the tests and runs them on 64-bit Arm.
 *
 * @param {{ root: string }} options
 * @returns {Promise<number>} 1 if a test failed
 */
export async function testArm64({ root }) {
  const compiled = await passOn(
    [process.execPath, "node_modules/typescript/bin/tsc", "--project", "tsconfig.test.json", "--noEmitOnError"],
    { cwd: root },
  );
  if (compiled !== 0) return compiled;
  copyTests(root);
  const folder = join(root, ARM64);
  const node = join(folder, "emulated", "node");
  writeEmulatedNode(node, [QEMU, "-L", LIBRARIES, join(folder, "node", "bin", "node")]);
  const rows = [["file", "passed", "failed", "skipped", "time"]];
  const failedFiles = [];
  for (const file of FILES) {
    const start = Date.now();
    const counts = await runTestFiles([file], {
      folder: join(folder, ".tslora", "tests", "test"),
      cwd: folder,
      node,
      patterns: EMULATED_PATTERNS,
    });
    failedFiles.push(...counts.failedFiles);
    rows.push([
      file,
      ...[counts.passed, counts.failed, counts.skipped].map(String),
      `${Math.round((Date.now() - start) / 1000)} s`,
    ]);
  }
  console.log(tableOf(rows));
  console.log(
    failedFiles.length === 0 ? "Every file passed on 64-bit Arm, emulated." : `Failed: ${failedFiles.join(", ")}.`,
  );
  return failedFiles.length === 0 ? 0 : 1;
}
