/**
 * Loaded for its effect, by kernels. While a script runs with `breakOnSigint`, Node takes SIGINT over and afterwards
 * leaves it to the listeners that were there before; but where the script itself adds a listener, as a cell does that
 * starts training, the signal is left to the system instead, and the next interrupt ends the process. Here the
 * listeners are added again, which makes Node ask the system for the signal again.
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
