import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";

import { TsloraError } from "../../src/base/tslora-error";
import { loadClassifier } from "../../src/classifier/load-classifier";
import { parquetRowGroups } from "../../src/corpus/records/read-parquet-file";
import { readRecords } from "../../src/corpus/records/read-records";
import { cleanText } from "../../src/corpus/text/clean-text";
import { fitCascade } from "../../src/evaluation/cascade/fit-cascade";
import { saveCascade } from "../../src/evaluation/cascade/stored-cascade";
import { predict } from "../../src/evaluation/predict";
import { LocalDriver } from "../../src/jobs/drivers/local/local-driver";
import type { JobDriver } from "../../src/jobs/drivers/job-driver";
import type { PredictionRow } from "../../src/jobs/prediction/output/prediction-row";
import { writePredictions } from "../../src/jobs/prediction/output/write-predictions";
import { predictFiles } from "../../src/jobs/prediction/predict-files";
import { openStore } from "../../src/jobs/store/open-store";
import { MAIN, tinyModel, tinyTexts } from "../cli/tiny";
import { article, deletions, published } from "../corpus/records/published-xml";
import { hashesOf, linesOf, predictAll } from "./bulk-files";
import { inProcessDriver } from "./in-process-driver";
import { s3Server } from "./s3-server-variables";

let folder = "";
let model = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-bulk-"));
  model = await tinyModel(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

const out = (name: string): string => join(folder, name);
const texts = tinyTexts(60).map(({ text }) => text);

async function write(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, content);
  return path;
}

test("predictions are those of predict(), for each kind of file and each format of the output", async () => {
  const classifier = await loadClassifier(model);
  const expected = await predict(classifier, texts);
  const cleaned = await predict(
    classifier,
    texts.map((text, i) => cleanText(`<ID:${i + 1}>\nTitle: T.\nAbstract: ${text}`)),
  );
  classifier.dispose();
  const jsonl = texts.map((text, i) => `${JSON.stringify({ id: `t${i}`, text })}\n`).join("");
  const xml = published(
    texts.map((text, i) => article(String(i + 1), text).replace(/Title of \d+\./, "T.")).join("\n"),
  );
  const files = [
    await write("a.jsonl", jsonl),
    await write("b.csv.gz", gzipSync(`id,text\n${texts.map((text, i) => `t${i},${text}`).join("\n")}\n`)),
    await write("c.xml.gz", gzipSync(xml)),
  ];
  const options = { model, chunkRecords: 25, shardBytes: 1500 };
  const { summary, events } = await predictAll(files, { ...options, output: out("plain"), outputFormat: "jsonl.gz" });
  assert.deepEqual(summary.failed, []);
  assert.equal(summary.texts, 180);
  assert.ok(summary.shards > 3, "the lines are several shards");
  assert.ok(events.some((event) => event.type === "progress" && event.shards.done === summary.shards));
  const lines = (await Promise.all(summary.folders.map(linesOf))).flat();
  assert.deepEqual(
    lines.map(({ id, pmid }) => id ?? pmid),
    [...texts.keys()]
      .flatMap((i) => [`t${i}`])
      .concat(
        [...texts.keys()].map((i) => `t${i}`),
        [...texts.keys()].map((i) => String(i + 1)),
      ),
  );
  lines.forEach(({ label, probabilities, by, model: hash }, i) => {
    const { scores } = i < 120 ? expected[i % 60] : cleaned[i - 120];
    assert.equal(by, "encoder");
    assert.equal(hash, summary.modelHash.slice(0, 16));
    assert.equal(label, scores[0].label);
    for (const { label: name, score } of scores) assert.ok(Math.abs(probabilities[name] - score) < 1e-5);
  });
  const parquet = await predictAll(files, { ...options, output: out("parquet"), outputFormat: "parquet" });
  const { parquetReadObjects, asyncBufferFromFile } = await import("hyparquet");
  const { compressors } = await import("hyparquet-compressors");
  const rows: Record<string, unknown>[] = [];
  for (const one of parquet.summary.folders) {
    const file = await asyncBufferFromFile(join(one, "predictions.parquet"));
    rows.push(...(await parquetReadObjects({ file, compressors })));
  }
  assert.deepEqual(
    rows.map((row) => [
      row.id ?? row.pmid,
      row.label,
      row.probability_NEGATIVE,
      row.probability_POSITIVE,
      row.by,
      row.model,
    ]),
    lines.map(({ id, pmid, label, probabilities: { NEGATIVE, POSITIVE }, by, model: hash }) => [
      id ?? pmid,
      label,
      NEGATIVE,
      POSITIVE,
      by,
      hash,
    ]),
  );
  await readByPandas(join(parquet.summary.folders[0], "predictions.parquet"), lines[0].id ?? "");
});

/** Python reads the same first row, where it has a reader of Parquet. */
async function readByPandas(path: string, id: string): Promise<void> {
  const python = process.env.TSLORA_REFERENCE_PYTHON;
  if (python === undefined) return;
  const code =
    "import sys, pyarrow.parquet as p; t = p.read_table(sys.argv[1]); print(t.column('id')[0], t.num_rows > 0)";
  const { status, stdout, stderr } = spawnSync(python, ["-c", code, path], { encoding: "utf8" });
  if (stderr.includes("No module named 'pyarrow'")) return;
  assert.equal(status, 0, stderr);
  assert.equal(stdout.trim(), `${id} True`);
}

test("of a series the current records are predicted, and a corrupt file fails its own shard alone", async () => {
  const series = out("series");
  await mkdir(series);
  const baseline = published([article("1", "w5"), article("2", "w6"), article("3", ""), article("4", "w7")].join(""));
  const update = published(
    [article("2", "w30 w31"), article("5", "w8").replace("</ArticleTitle>", ""), deletions("4")].join(""),
  );
  await write("series/pubmed25n0001.xml.gz", gzipSync(baseline));
  await write("series/pubmed25n0002.xml.gz", gzipSync(update));
  await write("series/pubmed25n0003.xml.gz", gzipSync(baseline).subarray(0, 200));
  const { summary, events } = await predictAll(join(series, "*.xml.gz"), { model, output: out("of-series") });
  const { records, texts: count, withoutText, corrupt, superseded } = summary;
  assert.deepEqual(
    { records, count, withoutText, corrupt, superseded },
    { records: 6, count: 2, withoutText: 1, corrupt: 1, superseded: 2 },
  );
  const lines = await Promise.all(summary.folders.map(linesOf));
  assert.deepEqual(
    lines.map((some) => some.map(({ pmid }) => pmid)),
    [["1"], ["2"]],
  );
  const problems = await readFile(join(summary.folders[1], "problems.jsonl"), "utf8");
  const problem = JSON.parse(problems) as Record<string, string>;
  assert.equal(problem.file, "pubmed25n0002.xml.gz");
  assert.equal(problem.place, "PMID 5");
  assert.deepEqual(
    summary.failed.map(({ job }) => job),
    ["pubmed25n0003"],
  );
  assert.match(summary.failed[0].error, /must be whole/);
  assert.ok(events.some((event) => event.type === "shard" && event.outcome === "failed"));
});

test("a stopped prediction continues with the same call, and gives the same bytes", async () => {
  const file = await write("stop.jsonl", texts.map((text, i) => `${JSON.stringify({ id: i, text })}\n`).join(""));
  const options = { model, chunkRecords: 5, shardBytes: 1000 } as const;
  const { summary } = await predictAll(file, { ...options, output: out("whole") });
  assert.ok(summary.shards > 2);
  const controller = new AbortController();
  const stopped = out("stopped");
  await assert.rejects(
    async () => {
      const { signal } = controller;
      for await (const event of predictFiles(file, {
        ...options,
        output: stopped,
        signal,
        driver: inProcessDriver(stopped),
      }))
        if (event.type === "shard") controller.abort();
    },
    (error) => error instanceof TsloraError && error.code === "aborted",
  );
  const own = inProcessDriver(out("closed"));
  let runs = 0;
  const closed: JobDriver = {
    ...own,
    run: (document, more) =>
      ++runs === 1 ? own.run(document, more) : Promise.resolve({ type: "stopped", job: document.name }),
  };
  const { shards } = summary;
  await assert.rejects(predictAll(file, { ...options, output: out("closed"), driver: closed }), {
    code: "aborted",
    message: `The prediction was stopped, with ${shards - 1} of ${shards} shards left. The same call continues it.`,
  });
  const again = await predictAll(file, { ...options, output: stopped });
  assert.ok(again.events.some((event) => event.type === "shard" && event.outcome === "reused"));
  assert.deepEqual(await hashesOf(stopped), await hashesOf(out("whole")));
  await assert.rejects(
    predictAll(file, { ...options, output: stopped, threshold: 0.9 }),
    (error) => error instanceof TsloraError && error.code === "in-use",
  );
});

test("a prediction that is stopped or left while it is planned plans nothing", async () => {
  const line = '{"text":"w5"}\n';
  const files = [await write("plan-a.jsonl", line), await write("plan-b.jsonl", line)];
  await assert.rejects(predictAll(files, { model, output: out("unplanned"), signal: AbortSignal.abort() }), {
    code: "aborted",
    message: "The prediction was stopped. The same call continues it.",
  });
  assert.ok(!existsSync(join(out("unplanned"), "plan.json")));
  const left = out("left");
  for await (const event of predictFiles(files, { model, output: left, driver: inProcessDriver(left) }))
    if (event.type === "planning") break;
  const { summary } = await predictAll(files, { model, output: left, threshold: 0.9 }); // another prediction
  assert.equal(summary.texts, 2);
});

test("a chunk of any number of records is written as Parquet", async () => {
  const rows = Array.from({ length: 200_000 }, (_, i): PredictionRow => ({
    ...{ id: String(i), labels: ["a"], probabilities: [1, 0], by: "encoder" },
  }));
  await mkdir(out("many-rows"));
  const chunks = async function* (): AsyncGenerator<readonly PredictionRow[], void, void> {
    yield rows;
  };
  const path = await writePredictions(out("many-rows"), chunks(), {
    ...{ format: "parquet", modelHash: "0".repeat(64), model: "0".repeat(16) },
    ...{ labels: ["a", 'b.c, "d"'], several: false, kind: "csv" },
  });
  assert.equal((await parquetRowGroups(path)).at(-1)?.end, rows.length);
});

test("a killed worker's shard continues at its checkpoint, and gives the same bytes", async () => {
  const many = Array.from({ length: 1200 }, (_, i) => `${JSON.stringify({ id: i, text: texts[i % 60] })}\n`).join("");
  const file = await write("kill.jsonl", many);
  const options = { model, chunkRecords: 50 };
  await predictAll(file, { ...options, output: out("undisturbed") });
  const output = out("killed");
  const child = spawn(
    process.execPath,
    [MAIN, ...["predict", "--model", model, "--input", file, "--output", output, "--chunk-records", "50", "--json"]],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "exit");
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (/"type":"progress","records":[1-9]/.test(text)) child.kill("SIGKILL");
  });
  await ended;
  await predictAll(file, { ...options, output });
  assert.deepEqual(await hashesOf(output), await hashesOf(out("undisturbed")));
});

test("a shard whose worker is killed is tried again, as an event says, to the same bytes", async () => {
  const file = await write("lost.jsonl", texts.map((text, i) => `${JSON.stringify({ id: i, text })}\n`).join(""));
  const options = { model, chunkRecords: 5 };
  await predictAll(file, { ...options, output: out("calm") });
  const output = out("lost");
  const driver = new LocalDriver({ store: await openStore(output), workers: 1 });
  const retries: string[] = [];
  let killed = false;
  try {
    for await (const event of predictFiles(file, { ...options, output, driver })) {
      if (event.type === "retry") retries.push(event.error);
      if (event.type !== "progress" || killed) continue;
      killed = true;
      for (const pid of driver.pids) process.kill(pid, "SIGKILL");
    }
  } finally {
    await driver.close();
  }
  assert.deepEqual(retries, ["its worker ended (SIGKILL)"]);
  assert.deepEqual(await hashesOf(output), await hashesOf(out("calm")));
});

test("in 8 bits the predictions are those of predict() in 8 bits", async () => {
  const classifier = await loadClassifier(model, { precision: "int8" });
  const expected = await predict(classifier, texts);
  classifier.dispose();
  const file = await write("int8.jsonl", texts.map((text, i) => `${JSON.stringify({ id: i, text })}\n`).join(""));
  const options = { model, precision: "int8", chunkRecords: 25 } as const;
  const { summary } = await predictAll(file, { ...options, output: out("int8") });
  const lines = await linesOf(summary.folders[0]);
  lines.forEach(({ probabilities }, i) => {
    for (const { label, score } of expected[i].scores) assert.ok(Math.abs(probabilities[label] - score) < 1e-6);
  });
  const plain = await predictAll(file, { model, chunkRecords: 25, output: out("float32") });
  assert.notDeepEqual(await linesOf(plain.summary.folders[0]), lines, "32-bit floats give other digits");
});

test("a precision that prediction has not, or a device that has not the precision, is refused", async () => {
  const file = await write("refused.jsonl", '{"text":"a"}\n');
  const output = out("precision");
  for (const [options, words] of [
    [{ precision: "bf16" as "int8" }, /precision must be float32 or int8; got bf16/],
    [{ precision: "int8", device: "webgpu" }, /precision int8 needs the kernels of the processor; got device webgpu/],
  ] as const)
    await assert.rejects(predictAll(file, { model, output, ...options }), words);
  assert.ok(!existsSync(output));
});

test("with a cascade the encoder reads what may be positive, and the others are marked", async () => {
  const labelled = tinyTexts(800).map(({ text, label }, i) => ({
    text: `${text} x${i % 7}`,
    label: label === "pos" ? 1 : 0,
  }));
  const cascade = fitCascade(labelled, { maxRecallLoss: 0.02 });
  await saveCascade(model, cascade);
  const file = await write("cascade.jsonl", texts.map((text, i) => `${JSON.stringify({ id: i, text })}\n`).join(""));
  const { summary } = await predictAll(file, { model, cascade: true, output: out("cascade") });
  const lines = await linesOf(summary.folders[0]);
  assert.equal(summary.texts, 60);
  assert.equal(summary.encoded, 30);
  lines.forEach(({ by, label, probabilities }, i) => {
    assert.equal(by, i % 2 === 0 ? "tfidf" : "encoder");
    if (by === "tfidf") assert.equal(label, "NEGATIVE");
    assert.ok(Math.abs(probabilities.NEGATIVE + probabilities.POSITIVE - 1) < 1e-6);
  });
  const recall = { ...cascade.recall, counts: "found" } as const;
  for (const [fitted, words] of [
    [{ encoderThreshold: 0.3 }, /threshold must be 0\.3, as when the cascade was fitted; got none/],
    [
      { encoderCalibration: "abc" },
      /calibrated as when the cascade was fitted \(by a calibration\.json\); they are not/,
    ],
  ] as const) {
    await saveCascade(model, { ...cascade, recall, ...fitted });
    await assert.rejects(predictAll(file, { model, cascade: true, output: out("no-cascade") }), words);
  }
  await rm(join(model, "cascade.json"));
  await assert.rejects(
    predictAll(file, { model, cascade: true, output: out("no-cascade") }),
    /cascade needs cascade.json/,
  );
  assert.ok(!existsSync(out("no-cascade")));
});

test("options and files are checked before anything is written", async () => {
  const file = await write("x.jsonl", '{"text":"w5"}\n');
  const output = out("refused");
  const refused: readonly [() => Promise<unknown>, RegExp][] = [
    [() => predictAll(file, { output }), /model or adapter must be given/],
    [() => predictAll(file, { output, model, chunkRecords: 0, threshold: 2 }), /chunkRecords[\s\S]*threshold/],
    [() => predictAll(join(folder, "none*.jsonl"), { output, model }), /No file matches/],
    [() => predictAll(join(folder, "x.pdf"), { output, model }), /must end in one of/],
    [
      () => predictAll(file, { output, model, delimiter: "\n", textColumn: "" }),
      /delimiter must be a character[\s\S]*textColumn must name a column/,
    ],
    [() => predictAll(file, { output, model, delimiter: "" }), /delimiter must be a character/],
    [
      () => predictAll(file, { output, model, cascade: true, problemType: "multi_label_classification" }),
      /cascade is for one label a text/,
    ],
  ];
  for (const [call, message] of refused) await assert.rejects(call, message);
  assert.ok(!existsSync(output));
  const items = [];
  for await (const item of readRecords(file)) items.push(item);
  assert.equal(items.length, 1);
});

test("with a store on S3 the results are those of a folder, copied to the output; the same call finds them done", async (t) => {
  const s3 = await s3Server(t);
  const jsonl = texts.map((text, i) => `${JSON.stringify({ id: `t${i}`, text })}\n`).join("");
  const files = [await write("s3.jsonl", jsonl)];
  const options = { model, chunkRecords: 25, shardBytes: 1500, workers: 1, driver: undefined };
  await predictAll(files, { ...options, output: out("beside s3") });
  const store = "s3://bucket/predictions";
  await predictAll(files, { ...options, output: out("from s3"), store });
  assert.deepEqual(await hashesOf(out("from s3")), await hashesOf(out("beside s3")));
  assert.ok([...s3.objects.keys()].some((key) => key.startsWith("bucket/predictions/manifests/")));
  assert.ok(!existsSync(join(out("from s3"), "manifests")));
  const again = await predictAll(files, { ...options, output: out("from s3"), store });
  const shards = again.events.flatMap((event) => (event.type === "shard" ? [event.outcome] : []));
  assert.deepEqual(new Set(shards), new Set(["reused"]));
});
