/**
 * Kernels load this file for its side effect: standard input is empty for the kernel and its child processes, since a
 * running notebook has no input. A cell that asks for input fails at once; Node would wait forever.
 */
import { closeSync, createReadStream, fstatSync, openSync, type ReadStream } from "node:fs";
import * as readline from "node:readline";
import * as promises from "node:readline/promises";

/** Thrown when a cell asks for input. */
export class InputRefused extends Error {
  override readonly name = "InputRefused";

  constructor(prompt: string) {
    const asked = prompt.trim() === "" ? "" : ` (${JSON.stringify(prompt.trim().slice(0, 80))})`;
    super(`The cell asks for input${asked}, and standard input is closed. Make it a parameter of the notebook.`);
  }
}

/** Points descriptor 0 at /dev/null. */
function closeStdin(): void {
  const nothing = openSync("/dev/null", "r");
  const isNothing = nothing === 0 || fstatSync(0).rdev === fstatSync(nothing).rdev;
  if (!isNothing) {
    closeSync(0);
    openSync("/dev/null", "r"); // the lowest free descriptor: 0
  }
  if (nothing !== 0) closeSync(nothing);
}

try {
  closeStdin();
} catch {
  // a system without /dev/null: standard input is left unchanged
}

/** All streams that were given for standard input. */
const given = new WeakSet<object>();
let current: ReadStream | undefined;

// A listener to a stream that has ended waits forever, so the next cell that reads gets a new stream.
Object.defineProperty(process, "stdin", {
  configurable: true,
  enumerable: true,
  get: () => {
    if (current === undefined || current.readableEnded || current.destroyed) {
      current = createReadStream("", { fd: 0, autoClose: false });
      given.add(current);
    }
    return current;
  },
});

interface Asking {
  question(prompt: string, ...rest: unknown[]): unknown;
  readonly input?: unknown;
}

function asksUser({ input }: Asking): boolean {
  return typeof input === "object" && input !== null && given.has(input);
}

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the interface as `this` below
const ask = (promises.Interface.prototype as unknown as Asking).question;
(promises.Interface.prototype as unknown as Asking).question = function (this: Asking, prompt, ...rest) {
  if (!asksUser(this)) return ask.call(this, prompt, ...rest);
  return Promise.reject(new InputRefused(prompt));
};

// eslint-disable-next-line @typescript-eslint/unbound-method -- as above
const askWith = (readline.Interface.prototype as unknown as Asking).question;
(readline.Interface.prototype as unknown as Asking).question = function (this: Asking, prompt, ...rest) {
  if (!asksUser(this)) return askWith.call(this, prompt, ...rest);
  throw new InputRefused(prompt);
};
