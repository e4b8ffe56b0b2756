import { closeSync, constants, fstatSync, openSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

import { makeOwnFolder } from "../base/files/own-folder";
import type { DeviceOptions } from "../device/device";
import { prepareDevice } from "../device/open-device";
import { sharedOps } from "../ops/shared-ops";
import type { Terminal } from "./terminal/terminal";

/** Lines that TensorFlow's library writes to standard error while it is loaded, at every log level. */
const CHATTER = /^WARNING: All log messages before absl::InitializeLog|oneDNN custom operations are on/;

/**
 * Loads TensorFlow without the lines that its library always writes to standard error. Meanwhile descriptor 2 points at
 * a file, and other text written there is passed on. This works on Linux if standard error is a terminal or a pipe,
 * which can be reopened; a file would lose its position. Elsewhere the lines are shown.
 */
export function loadQuietly(terminal: Terminal, options: DeviceOptions = {}): void {
  prepareDevice(options);
  const folder = makeOwnFolder("log");
  try {
    const path = join(folder, "stderr");
    const restore = redirect(path);
    try {
      const ops = sharedOps();
      const [a, b] = [1, 2].map((value) => ops.float(Float32Array.of(value), [1, 1]));
      const product = ops.matMul(a, b); // TensorFlow prints some notices at the first operation
      ops.recording?.flush();
      ops.dispose(a, b, product);
    } finally {
      restore?.();
    }
    if (restore === undefined) return;
    const rest = readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "" && !CHATTER.test(line));
    if (rest.length > 0) terminal.err.write(`${rest.join("\n")}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Points descriptor 2 at a file. Returns a function that points it back; undefined if that is not possible. */
function redirect(path: string): (() => void) | undefined {
  if (process.platform !== "linux") return undefined;
  let kept: number;
  try {
    const { mode } = fstatSync(2);
    const type = mode & constants.S_IFMT;
    if (type !== constants.S_IFIFO && type !== constants.S_IFCHR) return undefined;
    // fails if the pipe has no reader
    kept = openSync("/proc/self/fd/2", constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    return undefined;
  }
  const into = (target: string, flags: number): void => {
    closeSync(2);
    const opened = openSync(target, flags, 0o600); // the lowest free descriptor: 2, since 0 and 1 are open
    if (opened !== 2) throw new Error(`Standard error must be opened as descriptor 2; got ${opened}.`);
  };
  into(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND);
  return () => {
    into(`/proc/self/fd/${kept}`, constants.O_WRONLY | constants.O_NOCTTY);
    closeSync(kept);
  };
}
