import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import { forgetHosts } from "../../src/base/http";
import { loadCorpus } from "../../src/corpus/load-corpus";
import type { LoadCorpusOptions } from "../../src/corpus/load-options";
import { readFrame } from "../../src/corpus/read-frame";
import { goodEntries, idsOf, put, refused } from "./corpus-folder";
import { startEutils } from "./eutils-server";
import { makeZip } from "./zips";

process.env.NO_PROXY = "127.0.0.1";
delete process.env.TSLORA_DATA;

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora corpus "));
});
afterEach(async () => {
  delete process.env.TSLORA_DATA;
  await rm(folder, { recursive: true, force: true });
});

test("a source that is named is found or is an error", async () => {
  await assert.rejects(loadCorpus("no/such/Dataset.zip"), refused("not-found", /no\/such\/Dataset\.zip/, /"sample"/));
  await assert.rejects(loadCorpus(await put(folder, "data.xlsx", "x")), refused("unsupported", /\.zip, \.csv/));
  await assert.rejects(loadCorpus("sample", { dataDir: folder }), refused("not-found", /sample\.jsonl/));
  await assert.rejects(loadCorpus("pubmed", { dataDir: folder, cacheDir: folder }), refused("not-found", /pmids\.csv/));
  process.env.TSLORA_DATA = join(folder, "gone.zip");
  await assert.rejects(loadCorpus(), refused("not-found", /gone\.zip/));
});

const sample = ["S0002", "S0001", "S0004", "S0003"]
  .map((ID, i) => JSON.stringify({ ID, label: i % 2, title: `On ${ID}`, abstract: "Written for a test." }))
  .join("\n");

test("auto takes TSLORA_DATA, then data/Dataset.zip, then PubMed, then the sample, and gives the reason", async () => {
  const dataDir = join(folder, "data");
  const server = await startEutils(
    new Map([
      ["1", { title: "One.", abstract: "<AbstractText>A</AbstractText>" }],
      ["2", { title: "Two.", abstract: "<AbstractText>B</AbstractText>" }],
    ]),
  );
  const options = {
    dataDir,
    cacheDir: join(folder, "cache"),
    pubmed: { baseUrl: server.baseUrl, requestsPerSecond: 1000 },
  };
  await put(folder, "data/sample.jsonl", sample);
  await put(folder, "data/pmids.csv", "pmid,label\n1,1\n2,0\n");
  await server.close();
  const last = await loadCorpus("auto", options);
  assert.equal(last.source.kind, "sample");
  assert.match(last.notice, /the embedded sample/);
  assert.match(
    last.notice,
    /there is no .*Dataset\.zip, and PubMed cannot be asked: .*cannot be reached .*needed\.( |$)/,
  );
  assert.match(last.banner ?? "", /say nothing about cancer/);
  assert.deepEqual(idsOf(last), ["S0001", "S0003", "S0002", "S0004"]);
  assert.match(readFrame(last.frame).texts[0], /^<ID:S0001>\nTitle: On S0001\nAbstract: Written/);
  assert.equal((await loadCorpus("sample", options)).source.kind, "sample");

  forgetHosts();
  const up = await startEutils(
    new Map([
      ["1", { title: "One.", abstract: "<AbstractText>A</AbstractText>" }],
      ["2", { title: "Two.", abstract: "<AbstractText>B</AbstractText>" }],
    ]),
  );
  const fetched = await loadCorpus("auto", { ...options, pubmed: { ...options.pubmed, baseUrl: up.baseUrl } });
  await up.close();
  assert.deepEqual([fetched.source.kind, fetched.banner], ["pubmed", undefined]);

  await put(folder, "data/Dataset.zip", await makeZip(goodEntries));
  const own = await loadCorpus("auto", options);
  assert.deepEqual([own.source.kind, idsOf(own).length], ["zip", 4]);

  process.env.TSLORA_DATA = await put(folder, "named.csv", "text,label\na,0\nb,1\n");
  const named = await loadCorpus("auto", options);
  assert.deepEqual([named.source.kind, idsOf(named).length], ["csv", 2]);
  assert.match(named.notice, /since TSLORA_DATA names it/);
});

test("an archive that cannot be used is an error also with auto", async () => {
  await put(folder, "data/Dataset.zip", "spoilt");
  await put(folder, "data/sample.jsonl", sample);
  await assert.rejects(
    loadCorpus("auto", { dataDir: join(folder, "data") }),
    refused("bad-input", /it must be a zip archive/),
  );
});

test("all bad options are listed in one error", async () => {
  const options = {
    onBadEntry: "ignore",
    limits: { maxEntries: 0, maxUnpackedBytes: Number.NaN },
    delimiter: "",
  } as unknown as LoadCorpusOptions;
  await assert.rejects(
    loadCorpus("sample", options),
    refused("bad-option", /onBadEntry.*"ignore"/, /limits\.maxEntries/, /limits\.maxUnpackedBytes.*NaN/, /delimiter/),
  );
});
