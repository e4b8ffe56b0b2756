import assert from "node:assert/strict";
import { test } from "node:test";

import { returnValueOf } from "../../src/base/return-value";

test("the return value of a generator, which cleans up also if an event cannot be handled", async () => {
  const log: string[] = [];
  async function* events(): AsyncGenerator<number, string, void> {
    try {
      yield await Promise.resolve(1);
      yield 2;
      return "result";
    } finally {
      log.push("closed");
    }
  }
  assert.equal(await returnValueOf(events(), (event) => void log.push(String(event))), "result");
  assert.deepEqual(log, ["1", "2", "closed"]);
  log.length = 0;
  const full = new Error("no space is left on the disk");
  await assert.rejects(
    returnValueOf(events(), () => Promise.reject(full)),
    full,
  );
  assert.deepEqual(log, ["closed"]);
});
