// @ts-check
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** A file's tests end within seconds; in an emulator on a busy machine, within the half of an hour. */
const FILE_LIMIT_MS = 30 * 60_000;
const SET_EXEC_PATH = pathToFileURL(fileURLToPath(new URL("set-exec-path.mjs", import.meta.url))).href;

/**
 * How many tests of some files passed, failed or were skipped. A file that ends without saying so counts as failed.
 * @typedef {{ passed: number, failed: number, skipped: number }} Counts
 */

/**
 * Runs compiled test files one after the other, each in a Node of its own, and counts their tests. The output of files
 * with failures goes to this process's error output.
 *
 * @param {readonly string[]} files  absolute paths
 * @param {{ cwd: string, node?: string, env?: Record<string, string | undefined> }} options  `node` is a Node that is
 *   started in an emulator, written by {@link writeEmulatedNode}
 * @returns {Promise<Counts>}
 */
export async function runTestFiles(files, { cwd, node, env }) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const emulated = node === undefined ? {} : { TSLORA_EMULATED_NODE: node, NODE_OPTIONS: `--import=${SET_EXEC_PATH}` };
  for (const file of files) {
    const { output, code } = await runToEnd([node ?? process.execPath, "--test-reporter=tap", file], { cwd, env: { TF_CPP_MIN_LOG_LEVEL: "2", ...emulated, ...env } });
    const counted = (/** @type {string} */ name) => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
    const failed = counted("fail") + counted("cancelled");
    counts.passed += counted("pass");
    counts.skipped += counted("skipped");
    counts.failed += failed > 0 || code === 0 ? failed : 1;
    if (failed > 0 || code !== 0) console.error(`${file} ended with ${code}:\n${output.split("\n").filter((line) => !/^ *(ok|duration_ms|---|\.\.\.)/.test(line)).slice(-80).join("\n")}`);
  }
  return counts;
}

/**
 * Writes a program that starts Node in an emulator.
 *
 * @param {string} path
 * @param {readonly string[]} commandLine
 */
export function writeEmulatedNode(path, commandLine) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\nexec ${commandLine.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")} "$@"\n`);
  chmodSync(path, 0o755);
}

/**
 * @param {readonly string[]} commandLine
 * @param {{ cwd: string, env: Record<string, string | undefined> }} options
 * @returns {Promise<{ output: string, code: number | string }>}
 */
function runToEnd([command = "", ...parameters], { cwd, env }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"], timeout: FILE_LIMIT_MS });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ output, code: code ?? signal ?? 1 }));
  });
}
