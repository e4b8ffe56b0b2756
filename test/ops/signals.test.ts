import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

/**
 * Signals that must be handled, one sent every 2 ms: without the signal thread, the heap was found damaged within a few
 * seconds of them.
 */
const SIGNALS = 1500;

test("signals that come while matrices are multiplied leave the heap whole, and each is handled", async () => {
  const child = spawn(process.execPath, [join(__dirname, "multiply-child.js"), String(SIGNALS)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, errors] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors += text));
  await new Promise((resolve) => child.stdout.once("data", resolve));
  const signals = setInterval(() => child.kill("SIGUSR2"), 2);
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) =>
    child.once("close", (...end) => resolve(end)),
  );
  clearInterval(signals);
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, errors.slice(-500));
  const handled = Number(/handled (\d+)/.exec(out)?.[1]);
  assert.ok(handled >= SIGNALS, `${handled} signals were handled`);
});
