// @ts-check
import { spawn } from "node:child_process";
import { basename } from "node:path";
import { debuglog } from "node:util";

const debug = debuglog("tslora:setup");

/** Characters of a command's output that are kept for an error message. */
const KEPT = 64_000;
/** Milliseconds that a command may take to end after SIGTERM. */
const GRACE_MS = 3000;

/** A failed command: its command line, its exit, and the end of its output. */
export class CommandError extends Error {
  /** @param {string} what @param {string} how @param {string} output */
  constructor(what, how, output) {
    super(`${what} ${how}`);
    this.name = "CommandError";
    this.output = output;
  }
}

/**
 * Runs a command to its end without showing its output, and returns the output. The command leads its own process
 * group, so its children are ended with it. An abort waits until it has ended, and so does an error of `onStart`.
 *
 * @param {readonly string[]} commandLine  the command and its arguments
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, signal?: AbortSignal,
 *   onStart?: (pid: number) => void }} [options]
 * @returns {Promise<string>}
 */
export function runCommand(commandLine, { cwd, env, signal, onStart } = {}) {
  const [command = "", ...parameters] = commandLine;
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const name = basename(command === process.execPath ? (parameters[0] ?? command) : command);
    debug("%s in %s", commandLine.join(" "), cwd ?? process.cwd());
    const child = spawn(command, parameters, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    let output = "";
    const keep = (/** @type {string} */ text) => {
      output = (output + text).slice(-KEPT);
    };
    child.stdout.setEncoding("utf8").on("data", keep);
    child.stderr.setEncoding("utf8").on("data", keep);

    /** @type {NodeJS.Timeout | undefined} */
    let patience;
    const end = () => {
      killGroup(child.pid, "SIGTERM");
      patience ??= setTimeout(() => killGroup(child.pid, "SIGKILL"), GRACE_MS);
    };
    signal?.addEventListener("abort", end, { once: true });
    const finish = () => {
      clearTimeout(patience);
      signal?.removeEventListener("abort", end);
    };

    child.on("error", (error) => {
      finish();
      reject(new CommandError(name, `could not be started (${error.message})`, ""));
    });
    /** @type {{ error: unknown } | undefined} */
    let fault;
    child.on("close", (code, killer) => {
      debug("%s, process %d: %s", name, child.pid, killer ?? `exit code ${code}`);
      finish();
      if (fault !== undefined) reject(fault.error);
      else if (signal?.aborted) reject(signal.reason);
      else if (code === 0) resolve(output);
      else
        reject(
          new CommandError(name, killer === null ? `ended with exit code ${code}` : `was ended by ${killer}`, output),
        );
    });
    try {
      if (child.pid !== undefined) onStart?.(child.pid);
    } catch (error) {
      fault = { error };
      end();
    }
  });
}

/** @param {number | undefined} pid @param {NodeJS.Signals} signal */
function killGroup(pid, signal) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended on its own.
  }
}
