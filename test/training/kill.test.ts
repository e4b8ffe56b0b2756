import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { readTrainingLog } from "../../src/training/log/read-training-log";
import { resumed, runChild } from "./killed-run";
import type { ChildTask } from "./kill-child";
import { eventsOf } from "./tiny";

test("a run that is killed many times, between steps and while saving, ends with the weights of an uninterrupted run", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tslora-kill-"));
  const task = (name: string): ChildTask => ({
    method: "lora",
    options: { maxSteps: 8, evalSteps: 2, saveSteps: 2, outputDir: join(folder, name) },
  });
  const whole = await runChild(task("whole"));
  assert.equal(whole.kind, "done");
  // In a run of its own this test's 30 seeded moments are the parity line "kill-resume".
  for (const killAtChange of [40, 15]) {
    const end = await runChild({ ...resumed(task("killed")), killAtChange });
    assert.equal(end.kind, "killed", `at change ${killAtChange}`);
  }
  const last = await runChild(resumed(task("killed")));
  assert.ok(last.kind === "done" && whole.kind === "done" && last.hash === whole.hash);
  const steps = async (name: string): Promise<number[]> =>
    eventsOf("step", await readTrainingLog(join(folder, name))).map(({ step }) => step);
  assert.deepEqual(await steps("killed"), await steps("whole"));
  await rm(folder, { recursive: true, force: true });
});
