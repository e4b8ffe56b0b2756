// @ts-check
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { EMULATED_PATTERNS } from "../../src/setup/commands/test-instructions.mjs";
import { runLanes } from "../../src/setup/commands/run-tests.mjs";
import { countTests, runTestFiles, tableOf, writeEmulatedNode } from "../../src/setup/commands/run-test-files.mjs";

const tap = (/** @type {Record<string, number>} */ counts) =>
  Object.entries(counts)
    .map(([name, count]) => `# ${name} ${count}\n`)
    .join("");

test("tests are counted; a file that fails without a count, or counts none, is one failure with its reason", () => {
  assert.deepEqual(countTests({ output: tap({ pass: 3, fail: 0, cancelled: 0, skipped: 1 }), code: 0 }), {
    passed: 3,
    failed: 0,
    skipped: 1,
    why: "",
  });
  assert.deepEqual(countTests({ output: tap({ pass: 3, fail: 2, cancelled: 1, skipped: 0 }), code: 1 }), {
    passed: 3,
    failed: 3,
    skipped: 0,
    why: "",
  });
  assert.deepEqual(countTests({ output: tap({ pass: 3, fail: 0, skipped: 0 }), code: 1 }), {
    passed: 3,
    failed: 1,
    skipped: 0,
    why: " (exit code 1)",
  });
  assert.deepEqual(countTests({ output: "", code: "SIGSEGV" }), {
    passed: 0,
    failed: 1,
    skipped: 0,
    why: " (SIGSEGV)",
  });
  assert.deepEqual(countTests({ output: tap({ pass: 0 }), code: 0 }), {
    passed: 0,
    failed: 1,
    skipped: 0,
    why: " (no test was counted)",
  });
  const left = `ok 1 - a # SKIP test name does not match pattern\nok 2 - b # SKIP NOT TESTED: no avx512\n${tap({ pass: 1, skipped: 2 })}`;
  assert.deepEqual(countTests({ output: left, code: 0 }), { passed: 1, failed: 0, skipped: 1, why: "" });
});

test("each file runs in the given Node; one that does not end is stopped at its limit and named", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tslora-files-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  t.mock.method(console, "error", () => undefined);
  const node = join(folder, "emulated", "node");
  writeEmulatedNode(node, [process.execPath]);
  writeFileSync(
    join(folder, "good.test.js"),
    `const { test } = require("node:test"); test("a", () => { if (process.execPath !== ${JSON.stringify(node)}) throw new Error(process.execPath); }); test("b", () => { throw new Error("not chosen"); });`,
  );
  writeFileSync(join(folder, "endless.test.js"), "while (true) {}");
  const run = (/** @type {string[]} */ files, limitMs = 300_000) =>
    runTestFiles(files, { folder, cwd: folder, node, limitMs, patterns: { good: "^a$" } });
  assert.deepEqual(await run(["good"]), { passed: 1, failed: 0, skipped: 0, failedFiles: [] });
  assert.deepEqual(await run(["endless"], 1000), { passed: 0, failed: 1, skipped: 0, failedFiles: ["endless"] });
});

test("a table's columns are aligned, without spaces at line ends", () => {
  assert.equal(
    tableOf([
      ["set", "passed"],
      ["baseline", "3"],
      ["x", ""],
    ]),
    "set       passed\nbaseline  3\nx",
  );
});

test("the patterns for emulators skip tests on every Node", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tslora-files-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(
    join(folder, "kernels.test.js"),
    `const { test } = require("node:test"); for (const name of ["kernels of 400 columns", "a product [300, 1]", "the kernels for avx2", "kept"]) test(name, () => { if (name !== "kept") throw new Error(name); });`,
  );
  const pattern = EMULATED_PATTERNS["ops/kernels"];
  const { passed, failed } = await runTestFiles(["kernels"], { folder, cwd: folder, patterns: { kernels: pattern } });
  assert.deepEqual([passed, failed], [1, 0]);
});

test("lanes run side by side, their steps in order; the first failure ends the other lane, and its code is returned", async () => {
  /** @type {string[]} */
  const ran = [];
  /** @param {string} title @param {number} code */
  const step = (title, code) => ({
    title,
    run: async () => {
      ran.push(title);
      return code;
    },
  });
  /** @type {import("../../src/setup/commands/run-tests.mjs").Step} */
  const waits = {
    title: "waits",
    run: (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(1), { once: true })),
  };
  assert.equal(await runLanes([[step("a", 0), step("b", 0)], [step("c", 0)]]), 0);
  assert.deepEqual(ran.splice(0).sort(), ["a", "b", "c"]);
  assert.equal(
    await runLanes([
      [waits, step("never", 0)],
      [step("a", 0), step("fails", 3), step("never", 0)],
    ]),
    3,
  );
  assert.deepEqual(ran, ["a", "fails"]);
});
