import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { TsloraError, type TsloraErrorCode } from "../../src/base/tslora-error";
import { fetchPubmed, type PubmedEvent } from "../../src/corpus/pubmed/fetch-pubmed";
import { loadCorpus } from "../../src/corpus/load-corpus";
import type { PubmedResult } from "../../src/corpus/pubmed/pubmed-cache";
import { EUTILS, resolveFetchOptions, type FetchPubmedOptions } from "../../src/corpus/pubmed/pubmed-options";
import { RateLimiter } from "../../src/corpus/pubmed/rate-limiter";
import { readFrame } from "../../src/corpus/read-frame";
import { retryDelay } from "../../src/corpus/pubmed/retry-delay";
import { startEutils, type EutilsServer, type ServedRecord } from "./eutils-server";

process.env.NO_PROXY = "127.0.0.1";
for (const name of ["NCBI_API_KEY", "NCBI_EMAIL", "TSLORA_EUTILS", "TSLORA_DATA"]) delete process.env[name];

const pmids = Array.from({ length: 12 }, (_, i) => ({ pmid: String(1001 + i), label: i % 2 }));
const records = new Map<string, ServedRecord>(
  pmids.map(({ pmid }) => [
    pmid,
    { title: `Title ${pmid}.`, abstract: `<AbstractText>Words of ${pmid}, α &lt; β.</AbstractText>` },
  ]),
);

let server: EutilsServer;
let cacheDir: string;
beforeEach(async () => {
  server = await startEutils(records);
  cacheDir = await mkdtemp(join(tmpdir(), "tslora-pubmed-"));
});
afterEach(async () => {
  await server.close();
  await rm(cacheDir, { recursive: true, force: true });
});

const quick = (): FetchPubmedOptions => ({
  pmids,
  cacheDir,
  baseUrl: server.baseUrl,
  batchSize: 5,
  requestsPerSecond: 1000,
  backoffMs: 1,
});

async function drain(options: FetchPubmedOptions): Promise<{ events: PubmedEvent[]; result: PubmedResult }> {
  const events: PubmedEvent[] = [];
  const fetching = fetchPubmed(options);
  for (;;) {
    const next = await fetching.next();
    if (next.done === true) return { events, result: next.value };
    events.push(next.value);
  }
}

function ofKind<K extends PubmedEvent["kind"]>(
  events: readonly PubmedEvent[],
  kind: K,
): Extract<PubmedEvent, { kind: K }>[] {
  return events.filter((event): event is Extract<PubmedEvent, { kind: K }> => event.kind === kind);
}

function refused(code: TsloraErrorCode, ...parts: RegExp[]): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof TsloraError, String(error));
    assert.equal(error.code, code, error.message);
    for (const part of parts) assert.match(error.message, part);
    return true;
  };
}

test("records are requested in batches, with tool, e-mail and key, and become a Dataset.zip", async () => {
  const { events, result } = await drain({ ...quick(), email: "someone@example.org", apiKey: "abc", tool: "mine" });
  assert.deepEqual(
    server.requests.map((form) => form.get("id")?.split(",").length),
    [5, 5, 2],
  );
  const { id, ...fields } = Object.fromEntries(server.requests[0]);
  assert.equal(id, "1001,1002,1003,1004,1005");
  assert.deepEqual(fields, {
    db: "pubmed",
    retmode: "xml",
    tool: "mine",
    email: "someone@example.org",
    api_key: "abc",
  });
  assert.deepEqual(
    events.map(({ kind }) => kind),
    ["start", "batch", "batch", "batch"],
  );
  assert.deepEqual(events.at(-1), { kind: "batch", batch: 3, batches: 3, records: 12, total: 12 });
  assert.deepEqual(
    [result.asked, result.kept, result.vanished, result.retracted, result.withoutAbstract],
    [12, 12, [], [], []],
  );

  const corpus = await loadCorpus(result.path);
  const { ID, label, texts } = readFrame(corpus.frame);
  const odd = pmids.filter((entry) => entry.label === 1).map(({ pmid }) => pmid);
  const even = pmids.filter((entry) => entry.label === 0).map(({ pmid }) => pmid);
  assert.deepEqual(ID, [...odd, ...even]);
  assert.deepEqual(label, [...odd.map(() => 1), ...even.map(() => 0)]);
  assert.equal(texts[0], "<ID:1002>\nTitle: Title 1002.\nAbstract: Words of 1002, α < β.");
  assert.deepEqual(await readdir(cacheDir), ["Dataset.json", "Dataset.zip"]);
});

test("the same records give the same bytes, for any size of the batches", async () => {
  const { result } = await drain(quick());
  const first = await readFile(result.path);
  await drain({ ...quick(), batchSize: 3 });
  assert.ok(first.equals(await readFile(result.path)));
});

test("requests are repeated after a busy host, a broken connection or an incomplete answer", async () => {
  server.manners.push(
    { kind: "status", status: 429, headers: { "retry-after": "1" }, body: '{"error":"API rate limit exceeded"}' },
    { kind: "status", status: 500 },
    { kind: "reset" },
    { kind: "truncated" },
    { kind: "answer" },
    { kind: "status", status: 503 },
    { kind: "garbage", body: "<html><body>Maintenance</body></html>" },
    { kind: "garbage", body: Buffer.from([0xff, 0xfe, 0x3c]) },
  );
  const { events, result } = await drain(quick());
  const retries = ofKind(events, "retry");
  assert.equal(retries.length, 7);
  assert.ok(retries[0].waitMs >= 1000, "Retry-After is heeded");
  assert.match(retries[0].reason, /429/);
  assert.match(retries[1].reason, /500/);
  assert.match(retries[5].reason, /PubmedArticleSet/);
  assert.match(retries[6].reason, /UTF-8/);
  assert.deepEqual(
    retries.map(({ failed }) => failed),
    [1, 2, 3, 4, 1, 2, 3],
  );
  assert.deepEqual([result.kept, result.vanished], [12, []]);
});

test("a request without an answer is repeated after a time", async () => {
  server.manners.push({ kind: "hang" });
  const { events, result } = await drain({ ...quick(), timeoutMs: 500 });
  // More than one retry where the machine is busy.
  const reasons = new Set(ofKind(events, "retry").map(({ reason }) => reason));
  assert.deepEqual([...reasons], ["no whole answer in 0.5 s"]);
  assert.equal(result.kept, 12);
});

test("missing, retracted and abstract-less records are named; missing ones are requested once more first", async () => {
  const own = new Map(records);
  own.delete("1003");
  own.set("1004", { title: "No words." });
  own.set("1005", {
    title: "Withdrawn.",
    abstract: "<AbstractText>It was wrong.</AbstractText>",
    types:
      '<PublicationType UI="D016428">Journal Article</PublicationType><PublicationType UI="D016441">Retracted Publication</PublicationType>',
  });
  own.set("1006", {
    title: "A notice.",
    abstract: "<AbstractText>Of a retraction.</AbstractText>",
    types: '<PublicationType UI="D016440">Retraction of Publication</PublicationType>',
  });
  const other = await startEutils(own);
  try {
    const { events, result } = await drain({ ...quick(), baseUrl: other.baseUrl });
    assert.deepEqual(ofKind(events, "ask-again"), [{ kind: "ask-again", pmids: ["1003"] }]);
    assert.deepEqual(other.requests.at(-1)?.get("id"), "1003");
    assert.deepEqual(
      [result.vanished, result.withoutAbstract, result.retracted, result.kept],
      [["1003"], ["1004"], ["1005"], 10],
    );
    const { result: without } = await drain({ ...quick(), baseUrl: other.baseUrl, retracted: "leave-out" });
    assert.deepEqual([without.retracted, without.kept], [["1005"], 9]);
  } finally {
    await other.close();
  }
});

test("a record that one answer lacks is taken from the next one; NCBI's status 400 for an empty result is not an error", async () => {
  const partial = new Map(records);
  partial.delete("1012");
  server.manners.push(
    { kind: "answer" },
    { kind: "answer" },
    { kind: "garbage", body: "<PubmedArticleSet></PubmedArticleSet>" },
  );
  const { result } = await drain(quick());
  assert.deepEqual([result.kept, result.vanished], [12, []]);

  const other = await startEutils(partial);
  other.manners.push(
    { kind: "answer" },
    { kind: "answer" },
    { kind: "answer" },
    { kind: "status", status: 400, body: "ID list is empty! Possibly it has no correct IDs." },
  );
  try {
    const { result: second } = await drain({ ...quick(), baseUrl: other.baseUrl });
    assert.deepEqual(second.vanished, ["1012"]);
  } finally {
    await other.close();
  }
});

test("a fetch that was stopped, by a signal or a failing host, continues with the missing records", async () => {
  const stop = new AbortController();
  const events: PubmedEvent[] = [];
  await assert.rejects(
    async () => {
      for await (const event of fetchPubmed({ ...quick(), signal: stop.signal })) {
        events.push(event);
        if (event.kind === "batch") stop.abort();
      }
    },
    refused("aborted", /continues from there/),
  );
  assert.equal(server.requests.length, 1);
  assert.ok(!existsSync(join(cacheDir, "Dataset.zip")));

  server.manners.push(
    { kind: "answer" },
    ...Array.from({ length: 3 }, () => ({ kind: "status", status: 502 }) as const),
  );
  await assert.rejects(
    drain({ ...quick(), maxTries: 3 }),
    refused("unreachable", /3 tries failed/, /502/, /continue from there/),
  );
  assert.ok(!existsSync(join(cacheDir, "Dataset.zip")));

  const { events: last, result } = await drain(quick());
  assert.deepEqual(last[0], { kind: "start", host: new URL(server.baseUrl).host, total: 12, cached: 10, batches: 1 });
  assert.equal(server.requests.at(-1)?.get("id"), "1011,1012");
  assert.equal(result.kept, 12);
});

test("if a file of saved records is damaged, only its own records are fetched again", async () => {
  const stop = new AbortController();
  await assert.rejects(async () => {
    for await (const event of fetchPubmed({ ...quick(), signal: stop.signal }))
      if (event.kind === "batch" && event.batch === 2) stop.abort();
  }, refused("aborted"));
  const [spoilt] = await readdir(join(cacheDir, "pubmed"));
  await writeFile(join(cacheDir, "pubmed", spoilt), "[{");
  const { events, result } = await drain(quick());
  assert.ok(events[0].kind === "start" && events[0].cached === 5);
  assert.equal(result.kept, 12);
});

test("requests with permanent errors are not repeated", async () => {
  server.manners.push({ kind: "status", status: 400, body: '{"error":"API key invalid"}' });
  await assert.rejects(drain(quick()), refused("unreachable", /400/, /API key invalid/));
  assert.equal(server.requests.length, 1);
  server.manners.push({ kind: "status", status: 429, headers: { "retry-after": "7200" } });
  await assert.rejects(drain(quick()), refused("unreachable", /wait of 7200 s/));
  const nothing = await startEutils(new Map());
  await assert.rejects(drain({ ...quick(), baseUrl: nothing.baseUrl }), refused("bad-input", /label 0; got none/));
  await nothing.close();
  assert.ok(!existsSync(join(cacheDir, "Dataset.zip")));
});

test("a host that does not listen is reported at once", async () => {
  const closed = await startEutils(records);
  await closed.close();
  await assert.rejects(drain({ ...quick(), baseUrl: closed.baseUrl }), refused("unreachable", /cannot be reached/));
});

test("loadCorpus fetches from PubMed on request, saves the records, and reports missing ones", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "tslora-data-"));
  try {
    await writeFile(
      join(dataDir, "pmids.csv"),
      `pmid,label\n${pmids.map(({ pmid, label }) => `${pmid},${label}\n`).join("")}999,1\n`,
    );
    const seen: string[] = [];
    const options = {
      dataDir,
      cacheDir,
      pubmed: { baseUrl: server.baseUrl, requestsPerSecond: 1000 },
      onProgress: ({ kind }: PubmedEvent) => void seen.push(kind),
    };
    const corpus = await loadCorpus("pubmed", options);
    assert.equal(corpus.source.kind, "pubmed");
    assert.equal(corpus.frame.shape[0], 12);
    assert.deepEqual(seen, ["start", "batch", "ask-again", "batch"]);
    assert.match(corpus.notice, /no longer has 999/);
    assert.match(corpus.notice, /Of 13 requested records, 12 were usable/);
    assert.equal(corpus.banner, undefined);

    const requests = server.requests.length;
    const again = await loadCorpus("auto", options);
    assert.equal(server.requests.length, requests, "the cache is taken");
    assert.match(again.notice, /no longer has 999/);

    await writeFile(join(dataDir, "pmids.csv"), "pmid,label\n1001,0\n1002,1\n");
    const other = await loadCorpus("pubmed", options);
    assert.equal(server.requests.length, requests + 1, "another list is another fetch");
    assert.equal(other.frame.shape[0], 2);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

test("an archive that was fetched with retracted records is not taken where they must be left out", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "tslora-data-"));
  const types = '<PublicationType UI="D016441">Retracted Publication</PublicationType>';
  const abstract = "<AbstractText>Text.</AbstractText>";
  const some = ["1", "2", "3"].map((pmid): [string, ServedRecord] => [
    pmid,
    { title: `Title ${pmid}.`, abstract, ...(pmid === "3" ? { types } : {}) },
  ]);
  const own = await startEutils(new Map(some));
  try {
    await writeFile(join(dataDir, "pmids.csv"), "pmid,label\n1,0\n2,1\n3,1\n");
    const idsWith = async (retracted?: "keep" | "leave-out"): Promise<string[]> => {
      const pubmed = { baseUrl: own.baseUrl, requestsPerSecond: 1000, retracted };
      return readFrame((await loadCorpus("pubmed", { dataDir, cacheDir, pubmed })).frame).ID;
    };
    assert.deepEqual(await idsWith(), ["2", "3", "1"]);
    assert.deepEqual(await idsWith("leave-out"), ["2", "1"]);
    const requests = own.requests.length;
    assert.deepEqual(await idsWith("leave-out"), ["2", "1"]);
    assert.equal(own.requests.length, requests, "the cache is taken");
    assert.deepEqual(await idsWith("keep"), ["2", "3", "1"]);
  } finally {
    await own.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});

test("all bad options are listed in one error", async () => {
  const bad: FetchPubmedOptions = {
    pmids: [{ pmid: "12x", label: 0 }],
    cacheDir,
    batchSize: 500,
    maxTries: 0,
    requestsPerSecond: 0,
    email: "nobody",
    retracted: "drop" as "keep",
    baseUrl: "ftp://x",
  };
  await assert.rejects(
    drain(bad),
    refused("bad-option", /12x/, /batchSize.*500/, /maxTries.*0/, /requestsPerSecond/, /retracted/, /email/, /baseUrl/),
  );
});

test("NCBI's own address and limits are the defaults, and the environment may change them", () => {
  const plain = resolveFetchOptions({ pmids });
  assert.deepEqual(
    [plain.request.baseUrl, plain.requestsPerSecond, plain.batchSize, plain.request.tool],
    [EUTILS, 3, 200, "tslora"],
  );
  try {
    Object.assign(process.env, { NCBI_API_KEY: "k", NCBI_EMAIL: "a@b.org", TSLORA_EUTILS: "http://127.0.0.1:9/" });
    const changed = resolveFetchOptions({ pmids });
    assert.deepEqual(
      [changed.request.baseUrl, changed.requestsPerSecond, changed.request.apiKey, changed.request.email],
      ["http://127.0.0.1:9", 10, "k", "a@b.org"],
    );
  } finally {
    for (const name of ["NCBI_API_KEY", "NCBI_EMAIL", "TSLORA_EUTILS"]) delete process.env[name];
  }
});

test("requests are spaced so that no second has more than the limit", async () => {
  let now = 0;
  const turns: number[] = [];
  const limiter = new RateLimiter(3, {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  });
  for (let i = 0; i < 10; i++) {
    await limiter.turn();
    turns.push(now);
    now += i === 5 ? 900 : 20; // after a slow answer, requests must not come in a burst
  }
  for (const start of turns) assert.ok(turns.filter((turn) => turn >= start && turn < start + 999).length <= 3);
});

test("waiting times double, vary by at most a half, and are never shorter than Retry-After", () => {
  const wait = (failed: number, jitter: number, retryAfter?: string): number =>
    retryDelay({ failed, backoffMs: 1000, retryAfter, now: Date.parse("2025-01-01T00:00:00Z"), jitter });
  assert.deepEqual([wait(1, 0), wait(2, 0), wait(5, 0)], [1000, 2000, 16000]);
  assert.equal(wait(3, 0.5), 3000);
  assert.equal(wait(1, 0, "7"), 7000);
  assert.equal(wait(1, 0, "Wed, 01 Jan 2025 00:00:30 GMT"), 30000);
  assert.equal(wait(1, 0, "Wed, 01 Jan 2020 00:00:00 GMT"), 1000);
  assert.equal(wait(1, 0, "soon"), 1000);
});
