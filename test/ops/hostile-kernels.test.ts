import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

import { kernelCalls, nameOf } from "./hostile-calls";

interface Printed {
  readonly what: string;
  readonly outcome?: string;
  readonly mayPass?: boolean;
}

/** Calls an operation in a child process; returns its messages and its end. */
function callInChild(name: string): Promise<{ printed: Printed[]; end: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [join(__dirname, "hostile-child.js"), name],
      { env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3" }, maxBuffer: 2 ** 26, timeout: 300_000 },
      (_, stdout) => {
        const printed = stdout
          .split("\n")
          .flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Printed] : []));
        resolve({ printed, end: `code ${child.exitCode}, signal ${child.signalCode}` });
      },
    );
  });
}

for (const name of kernelCalls(16).map(nameOf)) {
  test(
    `${name} refuses hostile shapes, seeds, groups and attributes with an error, and the process lives`,
    { timeout: 400_000 },
    async () => {
      const { printed, end } = await callInChild(name);
      assert.equal(end, "code 0, signal null", `after ${JSON.stringify(printed.at(-1))}`);
      const outcomes = printed.filter(({ outcome }) => outcome !== undefined);
      assert.ok(outcomes.length > 8);
      for (const { what, outcome } of outcomes.filter((one) => one.what.startsWith("valid")))
        assert.equal(outcome, "accepted", what);
      const passed = outcomes
        .filter(({ what, outcome, mayPass }) => !what.startsWith("valid") && mayPass !== true && outcome === "accepted")
        .map(({ what }) => what);
      assert.deepEqual(passed, []);
    },
  );
}
