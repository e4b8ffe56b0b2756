// @ts-check
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";

/** The clone under test. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * A folder with a blank in its path, removed when the test is over.
 *
 * @param {import("node:test").TestContext} t
 */
export function makeFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), "tslora set-up "));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Makes `setup("folder/name")` a module of src/setup. */
const PRELUDE = `const setup = (name) => import(${JSON.stringify(pathToFileURL(join(ROOT, "src", "setup")).href)} + "/" + name + ".mjs");\n`;

/**
 * Runs JavaScript with `NODE_DEBUG`, and returns what it prints to standard error.
 *
 * @param {string} code
 * @param {string} names  of the logs
 */
export async function logOf(code, names) {
  const { stderr } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", PRELUDE + code], {
    env: { ...process.env, NODE_DEBUG: names },
  });
  return stderr;
}

/**
 * Starts JavaScript in a process of its own, in which `setup("folder/name")` is a module of src/setup, and waits for
 * the first line that it prints.
 *
 * @param {import("node:test").TestContext} t
 * @param {string} code
 */
export async function startScript(t, code) {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", PRELUDE + code], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "close");
  const [line] = await once(createInterface(child.stdout), "line");
  return { child, ended, line: String(line) };
}

/**
 * Looks again and again until a condition holds: for a state that no event reports.
 *
 * @param {() => boolean} holds
 * @param {string} what names the condition in the error
 */
export async function waitUntil(holds, what) {
  const end = performance.now() + 240_000;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`waited 240 s until ${what}; it was never so`);
    await sleep(20);
  }
}

/** Progress that is kept in a list instead of shown. */
export function recordProgress() {
  /** @type {string[]} */
  const lines = [];
  /** @type {import("../../src/setup/tools/show-progress.mjs").Progress} */
  const progress = {
    begin: (title) => {
      lines.push(`begin ${title}`);
      return {
        say: () => undefined,
        end: (position) => lines.push(`end ${position} ${title}`),
        remove: () => lines.push(`remove ${title}`),
      };
    },
    note: (text) => lines.push(`note ${text}`),
    sum: (parts) => lines.push(`sum of ${parts.length}`),
  };
  return { lines, progress };
}
