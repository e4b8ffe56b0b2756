import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { Queue } from "bullmq";

import { codeVersion } from "../../src/jobs/contract/code-version";
import { BullmqDriver } from "../../src/jobs/drivers/bullmq/bullmq-driver";
import { PREFIX, queueName } from "../../src/jobs/drivers/bullmq/queued-job";
import { QueueWorker } from "../../src/jobs/drivers/bullmq/queue-worker";
import { redisUrl, withoutLogin } from "../../src/jobs/drivers/bullmq/redis-url";
import type { JobEvent } from "../../src/jobs/drivers/job-driver";
import { FolderStore } from "../../src/jobs/store/folder-store";
import { waitUntil } from "../base/wait-until";
import { contentsOf, processesWith, temporaryFolder } from "./jobs-folder";
import { killSome } from "./kill-some";
import { QueueWorkers } from "./queue-workers";
import { findProgram } from "./servers/missing-programs";
import { NO_REDIS, RedisServer } from "./servers/redis-server";
import { repeatedSteps, SMALL_CODE, SMALL_TYPES, smallDocument, smallHash, type SmallSettings } from "./small-job";
import { FAST } from "./small-queue-worker";

interface Place {
  readonly redis: RedisServer;
  readonly store: FolderStore;
  readonly folder: string;
  readonly driver: BullmqDriver;
  readonly notices: string[];
}

/** A Redis, a store and a driver; no process with the test's mark may be left. */
async function placeOf(t: TestContext, options: Parameters<typeof RedisServer.start>[0] = {}): Promise<Place> {
  const folder = await temporaryFolder(t);
  const redis = await RedisServer.start(options);
  const store = await FolderStore.open(join(folder, "store"));
  const mark = randomBytes(8).toString("hex");
  process.env.TSLORA_TEST_MARK = mark;
  const notices: string[] = [];
  const onNotice = (text: string): void => void notices.push(text);
  const driver = await BullmqDriver.open({ redis: redis.url, store, types: SMALL_TYPES, times: FAST, onNotice });
  t.after(async () => {
    await driver.close();
    await redis.stop();
    await waitUntil(() => processesWith(mark).length === 0, {
      what: "all processes have ended",
    });
  });
  return { redis, store, folder, driver, notices };
}

const documents = (count: number, settings: SmallSettings): ReturnType<typeof smallDocument>[] =>
  Array.from({ length: count }, (_, i) => smallDocument(`job-${i}`, { ...settings, seed: i }));

async function expectAllRight(store: FolderStore, jobs: ReturnType<typeof documents>): Promise<void> {
  for (const job of jobs)
    assert.equal(await readFile(await store.resultFile(job.name, "hash.txt"), "utf8"), `${smallHash(job)}\n`);
  assert.deepEqual(await store.manifestNames(), new Set(jobs.map(({ name }) => name)));
  for (const part of ["work", "partial"]) assert.deepEqual(await readdir(join(store.place, part)), [], part);
}

test("a login is removed from every text, and a URL is checked", () => {
  const url = redisUrl("rediss://user:c%40nary@queue.example:7000/2");
  assert.ok(url !== undefined);
  assert.deepEqual(
    [url.host, url.port, url.db, url.username, url.password, url.tls],
    ["queue.example", 7000, 2, "user", "c@nary", true],
  );
  const text = withoutLogin(`${url.href} AUTH user c@nary, c%40nary; user:c@nary`, url);
  assert.ok(!/c(@|%40)nary/.test(text), text);
  for (const bad of ["", "http://x", "redis://", "redis:///1", "redis://x/y", "x:6379", "redis://x?password=1"])
    assert.equal(redisUrl(bad), undefined, bad);
});

test("workers killed at random moments and a Redis that forgets all lose nothing", { skip: NO_REDIS }, async (t) => {
  const { redis, store, folder, driver } = await placeOf(t);
  const ledger = join(folder, "ledger");
  const jobs = documents(12, { steps: 4, pause: 10, ledger });
  const clock = join(folder, "clock.cjs"); // the second worker's clock is an hour ahead, the third's an hour behind
  await writeFile(
    clock,
    "const now = Date.now; const by = Number(process.env.TEST_CLOCK); Date.now = () => now() + by;" +
      "globalThis.Date = class extends Date { constructor(...a) { a.length ? super(...a) : super(now() + by); } static now() { return now() + by; } };",
  );
  const workers = new QueueWorkers(2, {
    ...{ redis: redis.url, store: store.place },
    env: (i) => ({ NODE_OPTIONS: `--require ${clock}`, TEST_CLOCK: String([3_600_000, -3_600_000][i % 2]) }),
  });
  let done = 0;
  const kills = killSome(3, () => (done > 1 ? workers.pids : []), 300);
  try {
    const running = jobs.map((job) => driver.run(job).finally(() => done++));
    await waitUntil(() => done >= 5, { what: "five jobs are done" });
    await redis.stop();
    await redis.start();
    const outcomes = await Promise.all(running);
    assert.deepEqual(new Set(outcomes.map(({ type }) => type)), new Set(["done"]));
    await expectAllRight(store, jobs);
    assert.ok(repeatedSteps(ledger) <= kills.count, `${repeatedSteps(ledger)} steps repeated, ${kills.count} kills`);
  } finally {
    kills.end();
    await workers.close();
  }
});

test(
  "failures are tried three times and reported; stops and bad queue entries are honoured",
  { skip: NO_REDIS },
  async (t) => {
    const { redis, store, folder, driver } = await placeOf(t);
    const workers = new QueueWorkers(1, { redis: redis.url, store: store.place });
    try {
      const events: JobEvent[] = [];
      const [bad, good] = await Promise.all([
        driver.run(smallDocument("bad", { steps: 1, fails: "the record 7 is damaged" }), {
          onEvent: (event) => events.push(event),
        }),
        driver.run(smallDocument("good", { steps: 2 })),
      ]);
      assert.deepEqual(bad, { type: "failed", job: "bad", attempts: 3, error: "the record 7 is damaged" });
      assert.equal(good.type, "done");
      const again = await driver.run(smallDocument("bad", { steps: 1, fails: "the record 7 is damaged" }));
      assert.equal(again.type, "failed"); // a new run tries it anew

      const ledger = join(folder, "ledger");
      const long = smallDocument("long", { steps: 400, pause: 10, ledger });
      const controller = new AbortController();
      const stopped = await driver.run(long, {
        signal: controller.signal,
        onEvent: (event) => event.type === "progress" && controller.abort(),
      });
      assert.deepEqual(stopped, { type: "stopped", job: "long" });

      const queue = new Queue(queueName(store, await codeVersion()), {
        connection: { host: "127.0.0.1", port: redis.port },
        prefix: PREFIX,
      });
      const before = contentsOf(store.place);
      for (const [i, data] of [
        { name: "../../x" },
        { name: "/etc/passwd" },
        { name: "none" },
        {},
        { name: "good", document: "0" },
      ].entries())
        await queue.add("predict-shard", data, { jobId: `evil-${i}`, attempts: 1 });
      await waitUntil(async () => (await queue.getFailedCount()) >= 6, { what: "all are refused" }); // and "bad"
      assert.deepEqual(contentsOf(store.place), before);
      await queue.close();
    } finally {
      await workers.close();
    }
  },
);

test("a worker that ends gives its job back, and another one continues it", { skip: NO_REDIS }, async (t) => {
  const { redis, store, folder, driver } = await placeOf(t);
  const ledger = join(folder, "ledger");
  const start = (): Promise<QueueWorker> =>
    QueueWorker.start({ redis: redis.url, store, workers: 1, code: SMALL_CODE, times: FAST });
  const first = await start();
  let progress = 0;
  const outcome = driver.run(smallDocument("moved", { steps: 60, pause: 20, ledger }), {
    onEvent: (event) => event.type === "progress" && progress++,
  });
  await waitUntil(() => progress > 0, { what: "the job runs" });
  await first.close();
  const second = await start();
  try {
    assert.equal((await outcome).type, "done");
    assert.equal(repeatedSteps(ledger), 0);
  } finally {
    await second.close();
  }
});

test("a job that blocks its process longer than the lock runs once", { skip: NO_REDIS }, async (t) => {
  const { redis, store, folder, driver } = await placeOf(t);
  const ledger = join(folder, "ledger");
  const workers = new QueueWorkers(2, { redis: redis.url, store: store.place });
  try {
    const outcome = await driver.run(smallDocument("blocks", { steps: 1, blocks: 3 * FAST.lock, ledger }));
    assert.equal(outcome.type, "done");
    assert.equal(await readFile(ledger, "utf8"), "blocks 0\n");
  } finally {
    await workers.close();
  }
});

test("a password appears nowhere: not in output, processes, files or messages", { skip: NO_REDIS }, async (t) => {
  const password = "canary-7f3a9c";
  const { redis, store, folder, driver, notices } = await placeOf(t, { password });
  const workers = new QueueWorkers(1, { redis: redis.url, store: store.place });
  const seen: string[] = [];
  try {
    const running = driver.run(smallDocument("secret", { steps: 20, pause: 20 }), {
      onEvent: (event) => seen.push(JSON.stringify(event)),
    });
    await waitUntil(() => seen.some((text) => text.includes("progress")), { what: "the job runs" });
    seen.push(execFileSync("ps", ["-eo", "args"], { encoding: "utf8" }));
    await redis.stop();
    await waitUntil(() => notices.length > 0, { what: "the driver says that Redis is away" });
    await redis.start();
    assert.equal((await running).type, "done");
    const wrong = redis.url.replace(password, `${password}-wrong`);
    const errors = await Promise.allSettled([
      BullmqDriver.open({ redis: wrong, store }),
      BullmqDriver.open({ redis: redis.url.replace(`:${redis.port}`, ":1"), store }),
      BullmqDriver.open({ redis: `redis://:${password}@[`, store }),
    ]);
    const codes = errors.map((error) =>
      error.status === "rejected" ? (error.reason as { code: string }).code : "none",
    );
    assert.deepEqual(codes, ["bad-option", "unreachable", "bad-option"]);
    const { inspect } = await import("node:util");
    seen.push(...notices, workers.output, inspect(errors, { depth: 10 }), JSON.stringify(contentsOf(folder)));
    for (const text of seen) assert.ok(!text.includes(password), text.slice(0, 2000));
  } finally {
    await workers.close();
  }
});

test(
  "rediss:// speaks TLS",
  { skip: NO_REDIS || (findProgram("openssl") === undefined && "openssl is not installed") },
  async (t) => {
    const folder = await temporaryFolder(t);
    const [cert, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
    execFileSync(
      "openssl",
      [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=localhost",
        "-keyout",
        key,
        "-out",
        cert,
      ].concat(["-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]),
      { stdio: "ignore" },
    );
    const redis = await RedisServer.start({ tls: { cert, key }, password: "x" });
    t.after(() => redis.stop());
    const script = `
    const { openRedis } = require(${JSON.stringify(join(__dirname, "../../src/jobs/drivers/bullmq/open-redis.js"))});
    openRedis(process.env.TSLORA_REDIS).then(({ url }) => console.log(url.shown), ({ code }) => console.log(code));`;
    const ask = (env: Record<string, string>): string =>
      execFileSync(process.execPath, ["-e", script], {
        encoding: "utf8",
        env: { ...process.env, TSLORA_REDIS: redis.url.replace("127.0.0.1", "localhost"), ...env },
      }).trim();
    assert.equal(ask({ NODE_EXTRA_CA_CERTS: cert }), `rediss://localhost:${redis.port}`);
    assert.equal(ask({}), "unreachable"); // a certificate that no authority signed is refused
  },
);
