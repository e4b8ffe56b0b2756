import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { canonicalJson, canonicalSha256 } from "../../src/base/canonical-json";
import { sha256Of } from "../../src/base/sha256-of";
import { checkDocument, parseDocument } from "../../src/jobs/contract/check-document";
import type { JobDocument } from "../../src/jobs/contract/job-document";
import { expectJobName, staysInside } from "../../src/jobs/contract/job-name";
import { jobState } from "../../src/jobs/contract/job-state";
import { runJob, type JobRun } from "../../src/jobs/contract/run-job";
import { FolderStore } from "../../src/jobs/store/folder-store";
import { contentsOf, temporaryFolder } from "./jobs-folder";
import { SMALL_TYPES, smallDocument, smallHash } from "./small-job";

const CODE = "test+1";

async function storeOf(t: TestContext): Promise<FolderStore> {
  return FolderStore.open(join(await temporaryFolder(t), "store"));
}

function run(
  document: JobDocument,
  store: FolderStore,
  more: Partial<Parameters<typeof runJob>[1]> = {},
): Promise<JobRun> {
  return runJob(document, {
    ...{ store, types: SMALL_TYPES, code: CODE, inputFolders: [] },
    progress: () => undefined,
    signal: new AbortController().signal,
    ...more,
  });
}

test("canonical JSON does not depend on the order of keys", () => {
  assert.equal(canonicalJson({ b: [{ d: 1, c: "x" }], a: undefined, e: null }), '{"b":[{"c":"x","d":1}],"e":null}');
  assert.equal(canonicalSha256({ a: 1, b: 2 }), canonicalSha256({ b: 2, a: 1 }));
});

test("a folder whose store.json is not a store's is refused, whatever it holds", async (t) => {
  const folder = await temporaryFolder(t);
  for (const text of ["", "{", "[]", '{"format":1}', '{"format":2,"id":"00000000000000000000000000000000"}']) {
    await writeFile(join(folder, "store.json"), text);
    await assert.rejects(FolderStore.open(folder), { code: "bad-input", message: /must be a store's of jobs/ });
  }
});

test("a job that runs twice leaves the same bytes once, and nothing else", async (t) => {
  const store = await storeOf(t);
  const document = smallDocument("once", { steps: 3 });
  const first = await run(document, store);
  const after = contentsOf(store.place);
  const second = await run(document, store);
  assert.deepEqual([first.reused, second.reused], [false, true]);
  assert.deepEqual(second.manifest, first.manifest);
  assert.deepEqual(contentsOf(store.place), after);
  assert.deepEqual(Object.keys(after), [
    "manifests/once.json",
    "results/once/hash.txt",
    "results/once/seed.txt",
    "store.json",
  ]);
  assert.equal(after["results/once/hash.txt"], `${smallHash(document)}\n`);
  assert.equal(first.manifest.document, canonicalSha256(document));
  assert.deepEqual(
    first.manifest.files.map(({ path, sha256 }) => [path, sha256]),
    ["hash.txt", "seed.txt"].map((path) => [path, sha256Of(Buffer.from(after[`results/once/${path}`], "latin1"))]),
  );
});

test("of several workers with one job the first manifest wins, and nothing half-written is left", async (t) => {
  const store = await storeOf(t);
  const document = smallDocument("shared", { steps: 4, pause: 1 });
  const runs = await Promise.all(Array.from({ length: 4 }, () => run(document, store)));
  for (const { manifest } of runs) assert.deepEqual(manifest, runs[0].manifest);
  assert.equal((await jobState(document, { store, code: CODE })).kind, "done");
  assert.deepEqual(await readdir(join(store.place, "partial")), []);
  assert.deepEqual(await readdir(join(store.place, "work")), []);
  assert.deepEqual(await readdir(join(store.place, ".trash")), []);
});

test("a job is done if and only if manifest, document, code and files hold", async (t) => {
  const store = await storeOf(t);
  const document = smallDocument("state", { steps: 2 });
  const manifest = join(store.place, "manifests/state.json");
  const result = join(store.place, "results/state/hash.txt");
  const why = async (code = CODE, of = document): Promise<string | undefined> => {
    const state = await jobState(of, { store, code });
    return state.kind === "done" ? "done" : state.why;
  };
  assert.equal(await why(), undefined);
  await run(document, store);
  const good = await readFile(manifest, "utf8");
  assert.equal(await why(), "done");
  assert.match((await why("test+2")) ?? "", /computed by other code: test\+1, now test\+2/);
  assert.match((await why(CODE, { ...document, seed: 2 })) ?? "", /another document/);
  await writeFile(manifest, good.replace('"format":1', '"format":2'));
  assert.match((await why()) ?? "", /not valid/);
  await writeFile(manifest, good.replace(/"bytes":\d+/, '"bytes":9'));
  assert.match((await why()) ?? "", /was changed/);
  await writeFile(manifest, good.slice(0, 50));
  assert.match((await why()) ?? "", /not JSON/);
  await writeFile(manifest, good);
  for (const added of [".DS_Store", "._hash.txt", ".nfs00000000012a4b9c00000001"]) {
    await writeFile(join(store.place, "results/state", added), "of the system\n");
    assert.equal(await why(), "done", added);
  }
  const further = join(store.place, "results/state/further.txt");
  await writeFile(further, "of nobody\n");
  assert.match((await why()) ?? "", /files that its manifest does not list/);
  await rm(further);
  await writeFile(result, "other\n");
  assert.match((await why()) ?? "", /hash\.txt is not the file/);
  await rm(result);
  assert.match((await why()) ?? "", /hash\.txt is missing/);
  assert.equal((await run(document, store)).reused, false);
  assert.equal(await why(), "done");
});

test("other code computes a job anew, and the result is its own", async (t) => {
  const store = await storeOf(t);
  const document = smallDocument("code", { steps: 2 });
  await run(document, store);
  const again = await run(document, store, { code: "test+2" });
  assert.deepEqual([again.reused, again.manifest.code], [false, "test+2"]);
  assert.equal((await run(document, store, { code: "test+2" })).reused, true);
});

test("a worker killed between result and manifest leaves no half of a job", async (t) => {
  const store = await storeOf(t);
  const document = smallDocument("orphan", { steps: 2 });
  await run(document, store);
  const expected = contentsOf(store.place);
  await rm(join(store.place, "manifests/orphan.json"));
  await mkdir(join(store.place, "partial/orphan/0123"), { recursive: true });
  await writeFile(join(store.place, "partial/orphan/0123/hash.txt"), "half");
  assert.equal((await run(document, store)).reused, false);
  assert.deepEqual(contentsOf(store.place), expected);
  await rename(join(store.place, "results/orphan/seed.txt"), join(store.place, "results/orphan/other.txt"));
  await rm(join(store.place, "manifests/orphan.json"));
  await run(document, store);
  assert.deepEqual(contentsOf(store.place), expected);
});

test("a stopped job keeps its checkpoints, and continues from them", async (t) => {
  const store = await storeOf(t);
  const ledger = join(await temporaryFolder(t), "ledger");
  const document = smallDocument("stopped", { steps: 4, ledger });
  const controller = new AbortController();
  const stopped = run(document, store, {
    signal: controller.signal,
    progress: ({ done }) => done === 2 && controller.abort(),
  });
  await assert.rejects(stopped, { code: "aborted" });
  assert.ok(existsSync(join(store.place, "work/stopped/state.json")));
  await run(document, store);
  assert.equal(await readFile(ledger, "utf8"), [0, 1, 2, 3].map((step) => `stopped ${step}\n`).join(""));
});

test("names and paths cannot leave the store", async (t) => {
  const store = await storeOf(t);
  for (const name of ["../x", "/etc/passwd", "a/b", "..", ".hidden", "", "a\\b", "a\0b", "x".repeat(201), "a b", "ä"]) {
    assert.throws(() => expectJobName(name), { code: "bad-input" }, name);
    await assert.rejects(store.readDocument(name), { code: "bad-input" }, name);
    assert.throws(() => checkDocument(smallDocument(name, { steps: 1 })), { code: "bad-input" }, name);
  }
  for (const name of ["trial-0007-seed-1", "shard-00012", "a.b", "-"]) expectJobName(name);
  for (const path of ["../x", "/x", "a/../../b", "a//b", ".", "C:/x", "a\\..\\b", "a/"])
    assert.ok(!staysInside(path), path);
  for (const path of ["a", "a/b.txt", "a..b"]) assert.ok(staysInside(path), path);
  await assert.rejects(store.resultFile("x", "../y"), { code: "bad-input" });
});

test("documents are refused by the schema, with all their faults", () => {
  const good = smallDocument("x", { steps: 1 });
  const sha256 = "0".repeat(64);
  const faults: readonly [unknown, RegExp][] = [
    [null, /object/],
    [[], /object/],
    [{ ...good, format: 2 }, /format/],
    [{ ...good, type: "shell" }, /type must be equal to one of.*predict-shard/],
    [{ ...good, run: "rm -rf /" }, /additional properties.*run/],
    [{ ...good, seed: -1 }, /seed/],
    [{ ...good, seed: 1.5, settings: [] }, /seed[^]*settings|settings[^]*seed/],
    [{ ...good, inputs: [{ path: "../etc/passwd", sha256 }] }, /stay in the store/],
    [{ ...good, inputs: [{ path: "/data/../etc/passwd", sha256 }] }, /stay in the store/],
    [{ ...good, inputs: [{ path: "a", sha256: "x" }] }, /sha256/],
    [{ ...good, inputs: [{ path: "a", sha256, start: 5, end: 4 }] }, /range/],
    [{ ...good, inputs: [{ path: "a" }] }, /sha256/],
  ];
  for (const [document, message] of faults) {
    assert.throws(
      () => checkDocument(document),
      (error: Error) => message.test(error.message),
      String(message),
    );
  }
  assert.throws(() => parseDocument("{"), { code: "bad-input" });
  assert.throws(() => parseDocument(JSON.stringify(good).replace("{", '{"name":"y",')), /twice/);
  assert.throws(() => parseDocument("[".repeat(1 << 20)), { code: "bad-input" });
  assert.deepEqual(parseDocument(JSON.stringify(good)), good);
});

test("settings that a type does not know are refused before anything is written", async (t) => {
  const store = await storeOf(t);
  const before = contentsOf(store.place);
  const document = { ...smallDocument("x", { steps: 1 }), settings: { steps: 0, command: "ls" } };
  await assert.rejects(run(document, store), /additional properties.*command[^]*settings\.steps must be >= 1/);
  await assert.rejects(run({ ...document, type: "train-trial" }, store), { code: "unsupported" });
  assert.deepEqual(contentsOf(store.place), before);
});

test("inputs must be in allowed folders and have their hash", async (t) => {
  const store = await storeOf(t);
  const outside = await temporaryFolder(t);
  const secret = join(outside, "secret.txt");
  await writeFile(secret, "secret");
  await writeFile(join(store.place, "inside.txt"), "text");
  await symlink(secret, join(store.place, "link.txt"));
  const withInput = (path: string, content: string): JobDocument =>
    smallDocument("inputs", { steps: 1, inputs: [{ path, sha256: sha256Of(content) }] });
  await assert.rejects(run(withInput(secret, "secret"), store), /must be in a folder that this worker may read/);
  await assert.rejects(run(withInput("link.txt", "secret"), store), /must be in a folder that this worker may read/);
  await assert.rejects(run(withInput("inside.txt", "other"), store), /It was changed/);
  await assert.rejects(run(withInput("none.txt", ""), store), { code: "not-found" });
  assert.equal((await run(withInput("inside.txt", "text"), store)).reused, false);
  await assert.doesNotReject(run({ ...withInput(secret, "secret"), name: "b" }, store, { inputFolders: [outside] }));
});

test("a store has one document of a name, and one identity", async (t) => {
  const store = await storeOf(t);
  const document = smallDocument("same", { steps: 1 });
  await store.addDocument(document);
  await store.addDocument({ ...document });
  await assert.rejects(store.addDocument({ ...document, seed: 2 }), { code: "in-use" });
  assert.deepEqual(await store.readDocument("same"), document);
  const opened = await Promise.all(Array.from({ length: 4 }, () => FolderStore.open(store.place)));
  assert.deepEqual(new Set(opened.map(({ id }) => id)), new Set([store.id]));
  await rename(join(store.place, "jobs/same.json"), join(store.place, "jobs/other.json"));
  await assert.rejects(store.readDocument("other"), /must have this name/);
});
