import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { projectRoot } from "../../src/base/places";
import { LocalDriver } from "../../src/jobs/drivers/local/local-driver";
import { FolderStore } from "../../src/jobs/store/folder-store";
import { temporaryFolder } from "./jobs-folder";
import { SMALL_CODE, smallDocument, smallHash } from "./small-job";

const jobs = [0, 1].map((seed) => smallDocument(`job-${seed}`, { steps: 2, seed }));

/** Runs jobs with a fault of the store in the workers, then without it. */
async function withFault(t: TestContext, fault: string): Promise<{ during: string[]; store: FolderStore }> {
  const folder = await temporaryFolder(t);
  const store = await FolderStore.open(join(folder, "store"));
  const flag = join(folder, "flag");
  await writeFile(flag, "");
  const preload = join(projectRoot(), "test/jobs/store-faults.cjs");
  const mine = { NODE_OPTIONS: `--require ${preload}`, TEST_FAULT: fault, TEST_FAULT_FLAG: flag };
  const before = { ...process.env };
  Object.assign(process.env, mine);
  const driver = new LocalDriver({ store, workers: 2, code: SMALL_CODE });
  try {
    const outcomes = await Promise.all(jobs.map((job) => driver.run(job)));
    const during = outcomes.map((outcome) => (outcome.type === "failed" ? outcome.error : outcome.type));
    if (fault !== "slow") assert.deepEqual(await store.manifestNames(), new Set());
    await rm(flag);
    const after = await Promise.all(jobs.map((job) => driver.run(job)));
    assert.deepEqual(new Set(after.map(({ type }) => type)), new Set(["done"]));
    await expectRight(store);
    return { during, store };
  } finally {
    await driver.close();
    for (const name of Object.keys(mine)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  }
}

async function expectRight(store: FolderStore): Promise<void> {
  for (const job of jobs)
    assert.equal(await readFile(await store.resultFile(job.name, "hash.txt"), "utf8"), `${smallHash(job)}\n`);
  for (const part of ["work", "partial"]) assert.deepEqual(await readdir(join(store.place, part)), [], part);
}

test("jobs fail in words while the store is full or read-only, and are done when it is not", async (t) => {
  for (const [fault, words] of [
    ["ENOSPC", /no space is left on the disk \(ENOSPC\)/],
    ["EROFS", /the file system is read-only \(EROFS\)/],
  ] as const) {
    const { during } = await withFault(t, fault);
    for (const error of during) assert.match(error, words);
  }
});

test("a slow store is waited for", async (t) => {
  assert.deepEqual((await withFault(t, "slow")).during, ["done", "done"]);
});

test(
  "a store on a small file system that is really full, and then has space",
  { skip: !canMount() && "a small file system cannot be mounted here" },
  async (t) => {
    const place = await temporaryFolder(t);
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", place]);
    const store = await FolderStore.open(join(place, "store"));
    const driver = new LocalDriver({ store, workers: 1, code: SMALL_CODE });
    try {
      for (const job of jobs) await store.addDocument(job);
      for (const part of ["claims", "work", "partial", "results", "manifests"]) await mkdir(join(store.place, part));
      const free = join(place, "filled");
      await writeFile(free, Buffer.alloc(1 << 20)).catch(() => undefined); // as much as there is space for
      const outcomes = await Promise.all(jobs.map((job) => driver.run(job)));
      for (const outcome of outcomes) {
        assert.match(
          outcome.type === "failed" ? outcome.error : outcome.type,
          /no space is left on the disk \(ENOSPC\)/,
        );
      }
      assert.equal((await store.manifestNames()).size, 0);
      await rm(free);
      for (const job of jobs) assert.equal((await driver.run(job)).type, "done");
      await expectRight(store);
      execFileSync("mount", ["-o", "remount,ro", place]);
      assert.ok((await driver.run(jobs[0])).type === "done"); // what is done can be read
      await assert.rejects(driver.run(smallDocument("new", { steps: 1 })), /read-only/);
    } finally {
      await driver.close();
      execFileSync("umount", [place]);
    }
  },
);

/** Whether this process may mount a file system. */
function canMount(): boolean {
  const place = mkdtempSync(join(tmpdir(), "tslora-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", place], { stdio: "ignore" });
    execFileSync("umount", [place]);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(place);
  }
}
