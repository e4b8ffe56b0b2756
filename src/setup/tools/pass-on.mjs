// @ts-check
import { spawn } from "node:child_process";

/** @type {readonly NodeJS.Signals[]} */
const PASSED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];

/**
 * Runs a command as if the user had started it: it shares this process's input and output, receives its signals, and
 * its exit code is returned. If a signal ends it, the same signal ends this process.
 *
 * @param {readonly string[]} commandLine
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, signal?: AbortSignal }} [options] `signal` ends the
 *   command
 * @returns {Promise<number>} the exit code
 */
export async function passOn(commandLine, { cwd, env, signal: ending } = {}) {
  const [command = "", ...parameters] = commandLine;
  const child = spawn(command, parameters, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
  // A terminal's Ctrl-C reaches both; this process waits while the child handles it.
  const pass = (/** @type {NodeJS.Signals} */ signal) => {
    if (!(signal === "SIGINT" && process.stdin.isTTY)) child.kill(signal);
  };
  for (const signal of PASSED) process.on(signal, pass);
  const end = () => void child.kill("SIGTERM");
  ending?.addEventListener("abort", end, { once: true });
  try {
    return await new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        if (signal === null || ending?.aborted) {
          resolve(code ?? 1);
          return;
        }
        for (const name of PASSED) process.off(name, pass);
        process.kill(process.pid, signal);
        setTimeout(() => resolve(1), 1000); // only if this process survives the signal
      });
    });
  } finally {
    for (const signal of PASSED) process.off(signal, pass);
    ending?.removeEventListener("abort", end);
  }
}
