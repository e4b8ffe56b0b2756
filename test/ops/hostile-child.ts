import { writeSync } from "node:fs";

import { hostileCalls, kernelCalls, nameOf, RawKernels } from "./hostile-calls";

// Calls one kernel in every hostile way, and writes what it is about to do and what came of it: a process that a call
// ends tells by its last line which one.
const kernels = new RawKernels();
const call = kernelCalls(kernels.panel).find((one) => nameOf(one) === process.argv[2]);
if (call === undefined) throw new RangeError(`There is no kernel ${process.argv[2]}.`);
const say = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`);
const outcome = (one: typeof call): string => {
  try {
    kernels.run(one);
    return "accepted";
  } catch (error) {
    return String(error);
  }
};
say({ what: "valid" });
say({ what: "valid", outcome: outcome(call) });
for (const { what, call: hostile, mayPass } of hostileCalls(call)) {
  say({ what });
  say({ what, outcome: outcome(hostile), mayPass });
}
say({ what: "valid afterwards" });
say({ what: "valid afterwards", outcome: outcome(call) });
