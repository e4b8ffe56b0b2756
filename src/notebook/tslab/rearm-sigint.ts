/**
 * Kernels load this file for its side effect. While a script runs with `breakOnSigint`, Node handles SIGINT itself and
 * restores the earlier listeners afterwards. If the script adds a listener, as a cell that starts training does, Node
 * stops handling the signal, and the next interrupt ends the process. Adding the listeners again makes Node handle the
 * signal again.
 */
import vm from "node:vm";

// eslint-disable-next-line @typescript-eslint/unbound-method -- called with the script as `this` below
const run = vm.Script.prototype.runInThisContext;

vm.Script.prototype.runInThisContext = function (this: vm.Script, options) {
  const before = process.listenerCount("SIGINT");
  try {
    return run.call(this, options) as unknown;
  } finally {
    if (options?.breakOnSigint === true && process.listenerCount("SIGINT") > before) {
      const listeners = process.rawListeners("SIGINT") as NodeJS.SignalsListener[];
      process.removeAllListeners("SIGINT");
      for (const listener of listeners) process.on("SIGINT", listener);
    }
  }
};
