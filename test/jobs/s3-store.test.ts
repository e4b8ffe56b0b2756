import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { writeAtomically } from "../../src/base/files/write-atomically";
import { LOCK_FILE } from "../../src/base/lock/lock-file";
import { sha256Of } from "../../src/base/sha256-of";
import type { JobDocument } from "../../src/jobs/contract/job-document";
import { jobState } from "../../src/jobs/contract/job-state";
import { runJob, type JobRun } from "../../src/jobs/contract/run-job";
import { ChildPool } from "../../src/jobs/drivers/children/child-pool";
import { runAttempts } from "../../src/jobs/drivers/children/run-attempts";
import { LocalDriver } from "../../src/jobs/drivers/local/local-driver";
import { openDriver } from "../../src/jobs/open-driver";
import { openStore } from "../../src/jobs/store/open-store";
import { ObjectStore } from "../../src/jobs/store/s3/object-store";
import { S3Store } from "../../src/jobs/store/s3/s3-store";
import { WorkSnapshot } from "../../src/jobs/store/s3/work-snapshot";
import { waitUntil } from "../base/wait-until";
import { contentsOf, temporaryFolder } from "./jobs-folder";
import { s3Server as server, SECRET } from "./s3-server-variables";
import type { S3Server } from "./servers/s3-server";
import { repeatedSteps, SMALL_CODE, SMALL_TYPES, smallDocument, smallHash } from "./small-job";

const CODE = "test+1";
const PLACE = "s3://bucket/some/prefix";
const TIMES = { beat: 10, silence: 200, look: 5 };

/** A store as another machine opens it: with a cache of its own. */
async function machine(t: TestContext): Promise<S3Store> {
  return S3Store.open(PLACE, { cacheDir: await temporaryFolder(t), times: TIMES, snapshotMs: 0 });
}

function run(document: JobDocument, store: S3Store, more: Partial<Parameters<typeof runJob>[1]> = {}): Promise<JobRun> {
  return runJob(document, {
    ...{ store, types: SMALL_TYPES, code: CODE, inputFolders: [] },
    progress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  });
}

const namesIn = ({ objects }: S3Server): string[] =>
  [...objects.keys()].map((key) => key.replace("bucket/some/prefix/", "").replace(/\/[0-9a-f]{16}\//, "/ID/")).sort();

test("a job leaves its result and its manifest, once, and any machine reads them", async (t) => {
  const s3 = await server(t);
  const store = await machine(t);
  const document = smallDocument("once", { steps: 3 });
  const first = await run(document, store);
  assert.deepEqual(namesIn(s3), [
    "manifests/once.json",
    "results/once/ID/hash.txt",
    "results/once/ID/seed.txt",
    "store.json",
  ]);
  const other = await machine(t);
  assert.equal(other.id, store.id);
  assert.deepEqual([(await run(document, other)).reused, first.reused], [true, false]);
  const path = await other.resultFile("once", "hash.txt");
  assert.equal(readFileSync(path, "utf8"), `${smallHash(document)}\n`);
  assert.deepEqual([...(await other.manifestNames())], ["once"]);
});

test("of several machines with one job the first manifest wins, and nothing else is left", async (t) => {
  const s3 = await server(t, { pageSize: 2 });
  const document = smallDocument("shared", { steps: 4, pause: 1 });
  const stores = await Promise.all(Array.from({ length: 4 }, () => machine(t)));
  const runs = await Promise.all(stores.map((store) => run(document, store)));
  for (const { manifest } of runs) assert.deepEqual(manifest, runs[0].manifest);
  assert.equal((await jobState(document, { store: stores[0], code: CODE })).kind, "done");
  assert.equal(namesIn(s3).length, 4);
});

test("a job that is stopped on one machine goes on from its checkpoint on another, to the same result", async (t) => {
  const s3 = await server(t);
  const ledger = join(await temporaryFolder(t), "ledger");
  const document = smallDocument("moved", { steps: 6, ledger });
  const stop = new AbortController();
  const progress = ({ done }: { readonly done: number }): void => {
    if (done === 3) stop.abort();
  };
  await assert.rejects(run(document, await machine(t), { signal: stop.signal, progress }), { code: "aborted" });
  assert.ok(namesIn(s3).includes("work/moved/index.json"));
  const { manifest } = await run(document, await machine(t));
  assert.equal(manifest.summary.hash, smallHash(document));
  assert.equal(repeatedSteps(ledger), 0);
  assert.deepEqual(
    namesIn(s3).filter((name) => name.startsWith("work/")),
    [],
  );
});

test("a machine that goes away while it sends leaves the checkpoint before", async (t) => {
  let broken = false;
  await server(t, {
    fault: ({ key, method }) => (broken && method === "PUT" && key.endsWith("index.json") ? "cut" : undefined),
  });
  const document = smallDocument("cut", { steps: 5 });
  const until = async (step: number): Promise<number[]> => {
    const seen: number[] = [];
    const stop = new AbortController();
    const progress = ({ done }: { readonly done: number }): void => {
      seen.push(done);
      if (done === step) stop.abort();
    };
    const running = run(document, await machine(t), { signal: stop.signal, progress });
    if (step < 5) await assert.rejects(running, { code: "aborted" });
    else assert.equal((await running).manifest.summary.hash, smallHash(document));
    return seen;
  };
  assert.deepEqual(await until(2), [1, 2]);
  broken = true;
  assert.deepEqual(await until(4), [3, 4], "its checkpoint is not sent");
  broken = false;
  assert.deepEqual(await until(5), [3, 4, 5]);
});

test("faults on the way are repeated: answers of 500, cut connections, halves of a file", async (t) => {
  let count = 0;
  await server(t, {
    fault: ({ method }) => {
      count++;
      return count % 5 === 0
        ? "500"
        : count % 7 === 0
          ? "cut"
          : count % 11 === 0 && method === "GET"
            ? "half"
            : undefined;
    },
  });
  for (const name of ["a", "b", "c"]) {
    const document = smallDocument(name, { steps: 3 });
    const store = await machine(t);
    const { manifest } = await run(document, store);
    assert.equal(manifest.summary.hash, smallHash(document));
    assert.equal(readFileSync(await store.resultFile(name, "hash.txt"), "utf8"), `${smallHash(document)}\n`);
  }
});

test("a result or a manifest that was changed does not hold; the job runs again", async (t) => {
  const s3 = await server(t);
  const store = await machine(t);
  const document = smallDocument("state", { steps: 2 });
  const why = async (): Promise<string> => {
    const state = await jobState(document, { store, code: CODE });
    return state.kind === "done" ? "done" : (state.why ?? "");
  };
  await run(document, store);
  assert.equal(await why(), "done");
  const [result] = [...s3.objects.keys()].filter((key) => key.endsWith("hash.txt"));
  const good = s3.objects.get(result);
  assert.ok(good !== undefined);
  s3.objects.set(result, { ...good, body: Buffer.from("short") });
  assert.match(await why(), /hash\.txt is not the file/);
  s3.objects.set(result, { ...good, body: Buffer.alloc(good.body.length, "x") });
  await assert.rejects(store.resultFile("state", "hash.txt"), /must have the SHA-256 .*It was changed/);
  s3.objects.delete(result);
  assert.match(await why(), /hash\.txt is missing/);
  assert.equal((await run(document, store)).reused, false);
  const manifest = "bucket/some/prefix/manifests/state.json";
  const stored = s3.objects.get(manifest);
  assert.ok(stored !== undefined);
  s3.objects.set(manifest, { ...stored, body: Buffer.from("{") });
  assert.match(await why(), /not JSON/);
  assert.equal((await run(document, store)).reused, false);
  assert.equal(await why(), "done");
});

test("one machine at a time has a claim; that of a machine that went away is taken over", async (t) => {
  const s3 = await server(t);
  const [one, other] = [await machine(t), await machine(t)];
  const mine = { processes: [process.pid] };
  const claim = await one.claim("job", mine);
  let looks = 0;
  assert.equal(await other.claim("job", { ...mine, until: () => Promise.resolve(++looks > 5) }), undefined);
  await claim?.release();
  const next = await other.claim("job", mine);
  assert.ok(next !== undefined);
  await next.release();
  const away = JSON.stringify({ token: "f".repeat(24), machine: "another", processes: [{ pid: 1 }], beat: 7 });
  const object = { body: Buffer.from(away), etag: '"of another machine"', metadata: {} };
  s3.objects.set("bucket/some/prefix/claims/job.json", object);
  const over = await other.claim("job", mine);
  assert.ok(over !== undefined);
  assert.notEqual(s3.objects.get("bucket/some/prefix/claims/job.json"), object);
  s3.objects.set("bucket/some/prefix/claims/job.json", object); // taken away while this process did not run
  await waitUntil(() => over.lost.aborted, { what: "the claim is lost", pauseMs: 2 });
  await over.release();
  assert.equal(s3.objects.get("bucket/some/prefix/claims/job.json"), object, "the new one is left alone");
});

test("of many waiting machines one at a time has the claim", async (t) => {
  await server(t);
  let holders = 0;
  const work = async (): Promise<void> => {
    const claim = await (await machine(t)).claim("job", { processes: [process.pid] });
    assert.equal(++holders, 1);
    await delay(5);
    holders--;
    await claim?.release();
  };
  await Promise.all(Array.from({ length: 8 }, work));
});

test("claims, documents and manifests whose answers are lost are this worker's", async (t) => {
  const cut = new Set<string>();
  await server(t, {
    fault: ({ method, key }) => {
      if (method !== "PUT" || cut.has(key) || !/\/(claims|jobs|manifests)\//.test(key)) return undefined;
      cut.add(key);
      return "stored-and-cut";
    },
  });
  const [one, other] = [await machine(t), await machine(t)];
  const mine = { processes: [process.pid] };
  const claim = await one.claim("answered", mine);
  let looks = 0;
  assert.equal(await other.claim("answered", { ...mine, until: () => Promise.resolve(++looks > 3) }), undefined);
  await claim?.release();
  await (await other.claim("answered", mine))?.release();
  const document = smallDocument("answered", { steps: 2 });
  await one.addDocument(document);
  assert.equal((await run(document, one)).reused, false);
  assert.equal((await jobState(document, { store: other, code: CODE })).kind, "done");
  assert.equal(cut.size, 3);
});

test("a worker that retires a result leaves one alone that was written since", async (t) => {
  await server(t);
  const [one, other] = [await machine(t), await machine(t)];
  const document = smallDocument("anew", { steps: 2 });
  await run(document, one);
  const stale = await one.readManifest("anew");
  await other.readManifest("anew");
  await other.retire("anew", stale);
  assert.equal((await jobState(document, { store: other, code: CODE })).kind, "open");
  assert.equal((await run(document, other)).reused, false);
  await one.retire("anew", stale);
  assert.equal((await jobState(document, { store: one, code: CODE })).kind, "done");
});

test("a snapshot has no locks and nothing incomplete; a log that grows is sent as it was read", async (t) => {
  const s3 = await server(t);
  const folder = await temporaryFolder(t);
  const place = { start: "work/job/", folder: join(folder, "work") };
  const snapshot = new WorkSnapshot(new ObjectStore(PLACE), place);
  await snapshot.fetch();
  const write = (path: string, text: string | Buffer): Promise<void> =>
    writeAtomically(join(place.folder, path), text).then(() => undefined);
  await write("run/checkpoint-2/weights", Buffer.alloc(3 << 20, 1)); // larger than what is read into memory
  await write("run/log.jsonl", "1\n");
  await write(`run/${LOCK_FILE}`, "of this process");
  await write("run/checkpoint-4.incomplete/weights", "half");
  assert.equal(await snapshot.send(), true);
  const sent = s3.requests.length;
  assert.equal(await snapshot.send(), true);
  assert.equal(s3.requests.length, sent, "nothing changed, nothing is asked");
  await write("run/log.jsonl", "1\n2\n");
  assert.equal(await snapshot.send(), true);
  assert.equal(s3.requests.filter((request) => request.startsWith("PUT")).length, 5, "two files, a log, two indices");
  const other = { ...place, folder: join(folder, "other") };
  await new WorkSnapshot(new ObjectStore(PLACE), other).fetch();
  assert.deepEqual(Object.keys(contentsOf(other.folder)), ["run/checkpoint-2/weights", "run/log.jsonl"]);
  assert.equal(readFileSync(join(other.folder, "run/log.jsonl"), "utf8"), "1\n2\n");
  assert.deepEqual(
    readFileSync(join(other.folder, "run/checkpoint-2/weights")),
    readFileSync(join(place.folder, "run/checkpoint-2/weights")),
  );
  const [blob] = [...s3.objects].filter(([, { body }]) => body.length > 1 << 20).map(([key]) => key);
  s3.objects.delete(blob);
  await new WorkSnapshot(new ObjectStore(PLACE), other).fetch();
  assert.deepEqual(contentsOf(other.folder), {}, "a snapshot that is not whole is none");
});

test("an outage of the storage uses up no try of a job", async (t) => {
  let isAway = false;
  await server(t, { fault: () => (isAway ? "500" : undefined) });
  process.env.AWS_MAX_ATTEMPTS = "1";
  t.after(() => delete process.env.AWS_MAX_ATTEMPTS);
  const store = await openStore(PLACE);
  const pool = new ChildPool({ store, workers: 1, entry: SMALL_CODE.entry });
  t.after(() => pool.close());
  const document = smallDocument("away", { steps: 3 });
  const outages: string[] = [];
  isAway = true;
  const outcome = await runAttempts(document, {
    ...{ pool, inputFolders: [], signal: new AbortController().signal, pauseMs: 10, tries: 1 },
    isDone: () => Promise.resolve(undefined),
    onEvent: (event) => {
      if (event.type !== "failed") return;
      assert.ok(event.retries);
      outages.push(event.error);
      isAway = outages.length < 2;
    },
  });
  assert.equal(outcome.type, "done");
  assert.equal(outages.length, 2);
  for (const text of outages) assert.match(text, /^s3:\/\/bucket\/some\/prefix: could not .*InternalError/);
});

test("inputs are fetched and checked; documents, stops and failures are kept", async (t) => {
  await server(t);
  const [one, other] = [await machine(t), await machine(t)];
  const text = "a text\n";
  await one.addInput("inputs/text.jsonl", text);
  const input = { path: "inputs/text.jsonl", sha256: sha256Of(text) };
  const document = smallDocument("with-input", { steps: 1, inputs: [input] });
  await one.addDocument(document);
  assert.deepEqual(await other.readDocument("with-input"), document);
  await assert.rejects(other.addDocument({ ...document, seed: 2 }), { code: "in-use" });
  assert.equal((await run(document, other)).reused, false);
  const changed = smallDocument("changed", { steps: 1, inputs: [{ ...input, sha256: sha256Of("other") }] });
  await assert.rejects(run(changed, other), /must have the SHA-256/);
  const outside = smallDocument("outside", { steps: 1, inputs: [{ ...input, path: "../text.jsonl" }] });
  await assert.rejects(run(outside, other));
  await one.requestStop("job");
  await one.writeFailure("job", { attempts: 3, error: "why" });
  assert.deepEqual(
    [await other.stopRequested("job"), await other.readFailure("job")],
    [true, { attempts: 3, error: "why" }],
  );
  await other.forget("job");
  assert.deepEqual([await one.stopRequested("job"), await one.readFailure("job")], [false, undefined]);
});

test("child processes of the local driver run the jobs of a store on S3", async (t) => {
  const s3 = await server(t);
  const store = await openStore(`${PLACE}/`);
  assert.equal(store.place, PLACE);
  const driver = new LocalDriver({ store, workers: 2, code: SMALL_CODE });
  t.after(() => driver.close());
  const documents = ["a", "b", "c"].map((name) => smallDocument(name, { steps: 3 }));
  const outcomes = await Promise.all(documents.map((document) => driver.run(document)));
  outcomes.forEach((outcome, i) => {
    assert.equal(outcome.type, "done");
    if (outcome.type === "done") assert.equal(outcome.manifest.summary.hash, smallHash(documents[i]));
  });
  for (const { name } of documents) assert.ok(namesIn(s3).includes(`manifests/${name}.json`), name);
  const cache = join(process.env.XDG_CACHE_HOME ?? "", "tslora", "jobs", store.id);
  assert.deepEqual(existsSync(join(cache, "work")) ? readdirSync(join(cache, "work")) : [], []);
});

test("what cannot hold is refused in a sentence without a secret", async (t) => {
  const old = await server(t, { ignoresConditions: true });
  await assert.rejects(openStore(PLACE), {
    code: "unsupported",
    message: /writes on conditions \(If-None-Match and If-Match\)/,
  });
  assert.deepEqual([...old.objects.keys()], [], "nothing is left");
  process.env.AWS_ACCESS_KEY_ID = "another";
  await assert.rejects(openStore(PLACE), (error: Error & { code?: string }) => {
    assert.equal(error.code, "bad-option");
    assert.match(error.message, /s3:\/\/bucket\/some\/prefix: could not read store\.json \(AccessDenied/);
    assert.ok(!error.message.includes(SECRET));
    return true;
  });
  for (const place of [
    "s3://",
    "s3://B",
    "s3://bucket//x",
    "s3://bucket/a b",
    "s3://bucket/../x",
    "S3://bucket",
    "s3:x",
  ])
    await assert.rejects(openStore(place), { code: "bad-option", message: /must be s3:\/\/BUCKET/ });
  await old.close();
  process.env.AWS_MAX_ATTEMPTS = "1";
  t.after(() => delete process.env.AWS_MAX_ATTEMPTS);
  await assert.rejects(openStore(PLACE), { code: "unreachable" });
});

test("SLURM refuses a store on S3", async (t) => {
  await server(t);
  await assert.rejects(openDriver({ store: PLACE, slurm: "script" }), {
    code: "bad-option",
    message: /must be a folder/,
  });
});
