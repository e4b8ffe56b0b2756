// @ts-check
import { spawn } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The time limit of a test file. It takes up to a minute; on a busy machine or in an emulator, longer. */
const FILE_LIMIT_MS = 20 * 60_000;
const SET_EXEC_PATH = pathToFileURL(fileURLToPath(new URL("set-exec-path.mjs", import.meta.url))).href;

/**
 * Counts of tests that passed, failed or were skipped, and the names of the files with failures. A file that ends
 * without a count, or exceeds its limit, counts as one failure.
 * @typedef {{ passed: number, failed: number, skipped: number, failedFiles: string[] }} Counts
 */

/**
 * Runs compiled test files, each in its own Node process and as many at a time as there are processors, and counts
 * their tests. Prints a line for each file, and the output of files with failures, to standard error.
 *
 * @param {readonly string[]} files  paths below `folder`, without `.test.js`
 * @param {object} options
 * @param {string} options.folder
 * @param {string} options.cwd
 * @param {string} [options.node]
 * @param {Record<string, string | undefined>} [options.env]
 * @param {number} [options.limitMs]
 * @param {Readonly<Record<string, string>>} [options.patterns] `node` is a program that starts Node in an emulator,
 *   from {@link writeEmulatedNode}; `limitMs` is the time limit of a file; `patterns` selects the tests of a file by
 *   name: others are not counted
 * @returns {Promise<Counts>}
 */
export async function runTestFiles(files, { folder, cwd, node, env, limitMs = FILE_LIMIT_MS, patterns = {} }) {
  /** @type {Counts} */
  const counts = { passed: 0, failed: 0, skipped: 0, failedFiles: [] };
  let ended = 0;
  const waiting = [...files];
  await Promise.all(Array.from({ length: availableParallelism() }, runNext));
  return counts;

  /** @returns {Promise<void>} */
  async function runNext() {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) await runFile(file);
  }

  /** @param {string} file */
  async function runFile(file) {
    const start = Date.now();
    const chosen = patterns[file] === undefined ? [] : [`--test-name-pattern=${patterns[file]}`];
    const end = await runToEnd(
      [node ?? process.execPath, "--test-reporter=tap", ...chosen, `${folder}/${file}.test.js`],
      { cwd, env: { TF_CPP_MIN_LOG_LEVEL: "2", ...emulated(node), ...env }, limitMs },
    );
    const { passed, failed, skipped, why } = countTests(end);
    counts.passed += passed;
    counts.skipped += skipped;
    counts.failed += failed;
    if (failed > 0) {
      counts.failedFiles.push(file);
      console.error(
        `${end.output
          .split("\n")
          .filter((line) => !/^ *(ok|duration_ms|---|\.\.\.)/.test(line))
          .slice(-80)
          .join("\n")}`,
      );
    }
    console.error(
      `  ${++ended} of ${files.length}: ${file}: ${passed} passed, ${failed} failed, ${skipped} skipped${why}, ${Math.round((Date.now() - start) / 1000)} s`,
    );
  }
}

/**
 * Counts the tests of a file's TAP output.
 *
 * @param {{ output: string, code: number | string }} end
 * @returns {{ passed: number, failed: number, skipped: number, why: string }} `why` is the reason of a failed file
 */
export function countTests({ output, code }) {
  const counted = (/** @type {string} */ name) => Number(new RegExp(`^# ${name} (\\d+)$`, "m").exec(output)?.[1] ?? 0);
  // Some versions of Node count tests whose names do not match as skipped.
  const left = output.match(/# SKIP test name does not match pattern/g)?.length ?? 0;
  const [passed, skipped, failed] = [
    counted("pass"),
    counted("skipped") - left,
    counted("fail") + counted("cancelled"),
  ];
  const empty = passed + skipped + failed === 0;
  const broken = failed === 0 && (code !== 0 || empty);
  const why = broken
    ? ` (${code === 0 ? "no test was counted" : typeof code === "number" ? `exit code ${code}` : code})`
    : "";
  return { passed, failed: broken ? 1 : failed, skipped, why };
}

/**
 * Formats a table with aligned columns.
 *
 * @param {readonly (readonly string[])[]} rows
 */
export function tableOf(rows) {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/**
 * Writes a program that starts Node in an emulator.
 *
 * @param {string} path
 * @param {readonly string[]} commandLine
 */
export function writeEmulatedNode(path, commandLine) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(
    path,
    `#!/bin/sh\nexec ${commandLine.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ")} "$@"\n`,
  );
  chmodSync(path, 0o755);
}

/**
 * The variables with which an emulated Node also starts its children in the emulator.
 *
 * @param {string} [node]
 * @returns {Record<string, string>}
 */
export function emulated(node) {
  return node === undefined ? {} : { TSLORA_EMULATED_NODE: node, NODE_OPTIONS: `--import=${SET_EXEC_PATH}` };
}

/**
 * @param {readonly string[]} commandLine
 * @param {{ cwd: string, env: Record<string, string | undefined>, limitMs: number }} options
 * @returns {Promise<{ output: string, code: number | string }>} `code`: exit code, signal, or the limit
 */
function runToEnd([command = "", ...parameters], { cwd, env, limitMs }) {
  return new Promise((resolve, reject) => {
    // In a test, this variable would change the format of the child's report.
    const child = spawn(command, parameters, {
      cwd,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    let late = false;
    const timer = setTimeout(() => (late = child.kill("SIGKILL")), limitMs);
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (output += text));
    child.on("error", reject);
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ output, code: late ? `not done after ${limitMs / 60_000} min, its limit` : (code ?? signal ?? 1) });
    });
  });
}
