import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";

import { LocalDriver } from "../../src/jobs/drivers/local/local-driver";
import { FolderStore } from "../../src/jobs/store/folder-store";
import { temporaryFolder } from "./jobs-folder";
import { StartKills } from "./kill-some";
import { repeatedSteps, SMALL_CODE, smallDocument, smallHash } from "./small-job";

test("100 workers killed at random moments over 300 jobs: nothing is lost, nothing is done twice", async (t) => {
  const folder = await temporaryFolder(t);
  const store = await FolderStore.open(join(folder, "store"));
  const driver = new LocalDriver({ store, workers: 2, code: SMALL_CODE });
  const ledger = join(folder, "ledger");
  const jobs = Array.from({ length: 300 }, (_, seed) =>
    smallDocument(`job-${seed}`, { steps: 12, pause: 10, seed, ledger }),
  );
  const kills = new StartKills(100, 0.3);
  try {
    const outcomes = await Promise.all(jobs.map((job) => driver.run(job, { onEvent: kills.take })));
    assert.equal(outcomes.filter((outcome) => outcome.type === "done" && !outcome.reused).length, jobs.length);
    for (const job of jobs)
      assert.equal(await readFile(await store.resultFile(job.name, "hash.txt"), "utf8"), `${smallHash(job)}\n`);
    assert.ok(repeatedSteps(ledger) <= kills.count);
    for (const part of ["work", "partial", "claims"])
      assert.deepEqual(await readdir(join(store.place, part)), [], part);
    t.diagnostic(`${kills.count} kills, ${repeatedSteps(ledger)} steps computed again`);
    assert.equal(kills.count, 100);
  } finally {
    await driver.close();
  }
  assert.deepEqual(driver.pids, []);
});
