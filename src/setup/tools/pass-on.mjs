// @ts-check
import { spawn } from "node:child_process";

/** @type {readonly NodeJS.Signals[]} */
const PASSED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR2"];

/**
 * Runs a command in this terminal as if it had been started there itself: its input and output are this process's,
 * signals reach it, and its exit code comes back. What a signal ended ends this process by the same signal.
 *
 * @param {readonly string[]} commandLine
 * @param {{ cwd?: string, env?: Record<string, string | undefined>, signal?: AbortSignal }} [options]
 *   `signal` asks the command to end
 * @returns {Promise<number>} the exit code
 */
export async function passOn(commandLine, { cwd, env, signal: ending } = {}) {
  const [command = "", ...parameters] = commandLine;
  const child = spawn(command, parameters, { cwd, env: { ...process.env, ...env }, stdio: "inherit" });
  // A terminal's Ctrl-C reaches both; the child decides what to make of it, and this process waits for that.
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
        setTimeout(() => resolve(1), 1000); // only where this process outlives the signal
      });
    });
  } finally {
    for (const signal of PASSED) process.off(signal, pass);
    ending?.removeEventListener("abort", end);
  }
}
