import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import type { JobManifest } from "../../src/jobs/contract/job-manifest";
import { ChildLimit } from "../../src/jobs/drivers/children/child-limit";
import type { JobEvent } from "../../src/jobs/drivers/job-driver";
import { LocalDriver } from "../../src/jobs/drivers/local/local-driver";
import { openDriver } from "../../src/jobs/open-driver";
import { FolderStore } from "../../src/jobs/store/folder-store";
import { waitUntil } from "../base/wait-until";
import { processesWith, temporaryFolder } from "./jobs-folder";
import { killSome } from "./kill-some";
import { repeatedSteps, SMALL_CODE, smallDocument, smallHash, type SmallSettings } from "./small-job";

/** A driver of small jobs whose processes carry a mark; no such process may be left. */
async function driverOf(
  t: TestContext,
  options: { workers?: number } = {},
): Promise<{
  driver: LocalDriver;
  store: FolderStore;
  folder: string;
}> {
  const folder = await temporaryFolder(t);
  const store = await FolderStore.open(join(folder, "store"));
  const mark = `TSLORA_TEST_MARK=${randomBytes(8).toString("hex")}`;
  process.env.TSLORA_TEST_MARK = mark;
  const driver = new LocalDriver({ store, workers: options.workers ?? 2, code: SMALL_CODE });
  t.after(async () => {
    await driver.close();
    assert.deepEqual(processesWith(mark), []);
    assert.deepEqual(await readdir(join(store.place, "partial")).catch(() => []), []);
  });
  return { driver, store, folder };
}

const documents = (count: number, settings: SmallSettings): ReturnType<typeof smallDocument>[] =>
  Array.from({ length: count }, (_, i) => smallDocument(`job-${i}`, { ...settings, seed: i }));

test("jobs run in child processes, and are found done the next time", async (t) => {
  const { driver, store } = await driverOf(t);
  const events: JobEvent[] = [];
  const jobs = documents(5, { steps: 3 });
  const first = await Promise.all(jobs.map((job) => driver.run(job, { onEvent: (event) => events.push(event) })));
  for (const [i, outcome] of first.entries()) {
    assert.ok(outcome.type === "done" && !outcome.reused);
    assert.deepEqual(outcome.manifest.summary, { hash: smallHash(jobs[i]) });
  }
  assert.equal(events.filter(({ type }) => type === "started").length, 5);
  assert.ok(events.some((event) => event.type === "progress" && event.progress.done === event.progress.total));
  const again = await Promise.all(jobs.map((job) => driver.run(job)));
  assert.ok(again.every((outcome) => outcome.type === "done" && outcome.reused));
  assert.equal((await store.manifestNames()).size, 5);
});

test("workers killed at random moments lose nothing, and no step is computed twice but the interrupted ones", async (t) => {
  const { driver, store, folder } = await driverOf(t);
  const ledger = join(folder, "ledger");
  const jobs = documents(24, { steps: 6, pause: 8, ledger });
  const kills = killSome(8, () => driver.pids);
  const outcomes = await Promise.all(jobs.map((job) => driver.run(job)));
  kills.end();
  assert.ok(kills.count > 0);
  assert.ok(outcomes.every(({ type }) => type === "done"));
  assert.equal(outcomes.filter((outcome) => outcome.type === "done" && !outcome.reused).length, 24);
  for (const job of jobs)
    assert.equal(await readFile(await store.resultFile(job.name, "hash.txt"), "utf8"), `${smallHash(job)}\n`);
  assert.ok(repeatedSteps(ledger) <= kills.count, `${repeatedSteps(ledger)} steps repeated, ${kills.count} kills`);
  const before = await readFile(ledger, "utf8");
  for (const job of jobs) assert.equal((await driver.run(job)).type, "done");
  assert.equal(await readFile(ledger, "utf8"), before);
  for (const part of ["work", "claims"]) assert.deepEqual(await readdir(join(store.place, part)), [], part);
});

test("a job that always fails is tried three times and reported, while the others continue", async (t) => {
  const { driver, store } = await driverOf(t);
  const events: JobEvent[] = [];
  const [bad, ...good] = await Promise.all([
    driver.run(smallDocument("bad", { steps: 1, fails: "the record 7 is damaged" }), {
      onEvent: (event) => events.push(event),
    }),
    ...documents(4, { steps: 2 }).map((job) => driver.run(job)),
  ]);
  assert.deepEqual(bad, { type: "failed", job: "bad", attempts: 3, error: "the record 7 is damaged" });
  assert.ok(good.every(({ type }) => type === "done"));
  assert.deepEqual(
    events.flatMap((event) => (event.type === "failed" ? [[event.attempt, event.retries]] : [])),
    [
      [1, true],
      [2, true],
      [3, false],
    ],
  );
  assert.ok(!(await store.manifestNames()).has("bad"));
});

test("a job that kills each of its workers is given up", async (t) => {
  const { driver } = await driverOf(t, { workers: 1 });
  const outcome = driver.run(smallDocument("killer", { steps: 1, pause: 1e6 }), {
    onEvent: (event) => event.type === "started" && process.kill(Number(event.worker.split(" ")[1]), "SIGKILL"),
  });
  const ended = await outcome;
  assert.ok(ended.type === "failed" && ended.error.includes("SIGKILL"));
  assert.equal((await driver.run(smallDocument("other", { steps: 1 }))).type, "done");
});

test("a signal stops a job at its checkpoint, and the next run continues it", async (t) => {
  const { driver, folder } = await driverOf(t, { workers: 1 });
  const ledger = join(folder, "ledger");
  const job = smallDocument("stopped", { steps: 40, pause: 5, ledger });
  const controller = new AbortController();
  const outcome = await driver.run(job, {
    signal: controller.signal,
    onEvent: (event) => event.type === "progress" && controller.abort(),
  });
  assert.deepEqual(outcome, { type: "stopped", job: "stopped" });
  assert.equal((await driver.run(job)).type, "done");
  assert.equal(repeatedSteps(ledger), 0);
});

test("closing the driver stops what runs and what waits", async (t) => {
  const { driver } = await driverOf(t, { workers: 1 });
  const runs = documents(3, { steps: 1000, pause: 5 }).map((job) => driver.run(job));
  await waitUntil(() => driver.pids.length > 0, { what: "a process runs" });
  await driver.close();
  assert.deepEqual(new Set((await Promise.all(runs)).map(({ type }) => type)), new Set(["stopped"]));
});

test("two runs with one name share the job if it is the same, and are refused if it is not", async (t) => {
  const { driver, store, folder } = await driverOf(t, { workers: 1 });
  const other = new LocalDriver({ store: await FolderStore.open(store.place), workers: 1, code: SMALL_CODE });
  try {
    const ledger = join(folder, "ledger");
    const job = smallDocument("shared", { steps: 10, pause: 5, ledger });
    const outcomes = await Promise.all([driver.run(job), other.run(job), driver.run(job)]);
    assert.ok(outcomes.every(({ type }) => type === "done"));
    assert.equal(repeatedSteps(ledger), 0);
    await assert.rejects(other.run({ ...job, seed: 2 }), { code: "in-use" });
  } finally {
    await other.close();
  }
});

test("a result of other code is computed anew, and the first event says so", async (t) => {
  const { driver, store } = await driverOf(t);
  const job = smallDocument("code", { steps: 1 });
  await driver.run(job);
  const { withHash } = await import("../../src/jobs/contract/manifest-hash.js");
  const stored = await store.readManifest("code");
  assert.ok(stored.kind === "found");
  const { writeFile } = await import("node:fs/promises");
  const old = withHash({ ...stored.manifest, sha256: undefined, code: "0.1.0+old" } as Omit<JobManifest, "sha256">);
  await writeFile(join(store.place, "manifests/code.json"), JSON.stringify(old));
  const events: JobEvent[] = [];
  const outcome = await driver.run(job, { onEvent: (event) => events.push(event) });
  assert.ok(outcome.type === "done" && !outcome.reused);
  const [started] = events;
  assert.ok(started.type === "started" && started.why?.includes("0.1.0+old"));
});

test("documents that are not valid are refused before anything is written", async (t) => {
  const { driver, store } = await driverOf(t);
  for (const name of ["../outside", "/etc/x"])
    await assert.rejects(driver.run(smallDocument(name, { steps: 1 })), { code: "bad-input" });
  await assert.rejects(driver.run(smallDocument("x", { steps: 0 })), { code: "bad-input" });
  assert.deepEqual(await readdir(store.place), ["store.json"]);
});

test("the number of processes follows memory and cores, and a fixed number wins", () => {
  const gigabyte = 1e9;
  const limit = new ChildLimit({ workers: undefined, cores: 8, freeMemory: () => 5 * gigabyte });
  assert.deepEqual([limit.most, limit.threads, limit.allows(0), limit.allows(1)], [8, 1, true, false]);
  limit.measure(gigabyte, 1);
  assert.deepEqual([limit.allows(4), limit.allows(5)], [true, false]); // 4 of 5 GB
  const fixed = new ChildLimit({ workers: 3, cores: 8, freeMemory: () => 0 });
  assert.deepEqual([fixed.threads, fixed.allows(2), fixed.allows(3)], [2, true, false]);
  let free = 8 * gigabyte;
  const shrinking = new ChildLimit({ workers: undefined, cores: 8, freeMemory: () => free });
  shrinking.measure(gigabyte, 1);
  free = gigabyte / 2;
  assert.deepEqual([shrinking.allows(0), shrinking.allows(1)], [true, false]); // others took the memory meanwhile
});

test("openDriver opens the local driver in a store, and refuses two engines", async (t) => {
  const store = join(await temporaryFolder(t), "store");
  const driver = await openDriver({ store, workers: 3 });
  assert.deepEqual([driver.name, driver.capacity], ["local", 3]);
  await driver.close();
  await assert.rejects(openDriver({ store, redis: "redis://localhost", slurm: "submit" }), { code: "bad-option" });
  await assert.rejects(openDriver({ store, sbatch: ["--time=10"] }), /sbatch needs slurm/);
  for (const own of ["--job-name=mine", "-J", "--array=1-9%2", "-a1-9", "--wait"])
    await assert.rejects(openDriver({ store, slurm: "submit", sbatch: ["--time=10", own] }), {
      code: "bad-option",
      message: /tslora sets names and arrays/,
    });
});
