import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../../src/base/tslora-error";
import type { JobManifest } from "../../../src/jobs/contract/job-manifest";
import { JOB_TYPE_CODE } from "../../../src/jobs/contract/job-types";
import { runJob } from "../../../src/jobs/contract/run-job";
import { LocalDriver } from "../../../src/jobs/drivers/local/local-driver";
import { JournalFile } from "../../../src/jobs/search/journal/journal-file";
import { OPERATION, TRIAL_STATE, type Operation } from "../../../src/jobs/search/journal/operations";
import { sweep } from "../../../src/jobs/search/sweep/sweep";
import type { SweepEvent, SweepSummary } from "../../../src/jobs/search/sweep/sweep-event";
import type { SweepOptions } from "../../../src/jobs/search/sweep/sweep-options";
import { openStore } from "../../../src/jobs/store/open-store";
import { S3Store } from "../../../src/jobs/store/s3/s3-store";
import { tinyModel, tinyTexts } from "../../cli/tiny";
import { temporaryFolder } from "../jobs-folder";
import { s3Server } from "../s3-server-variables";

let folder = "";
let model = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-sweep-"));
  model = await tinyModel(folder);
});
after(() => rm(folder, { recursive: true, force: true }));

const texts = tinyTexts(60).map(({ text, label }) => ({ text, label: Number(label === "pos") }));

function options(name: string, more: Partial<SweepOptions> = {}): SweepOptions {
  return {
    name,
    model,
    labels: ["neg", "pos"],
    train: texts.slice(0, 24),
    validation: texts.slice(24, 44),
    test: texts.slice(44),
    training: { maxSteps: 6, evalSteps: 2, perDeviceTrainBatchSize: 8 },
    space: {
      learningRate: { type: "float", low: 1e-5, high: 5e-2, log: true },
      r: { type: "int", low: 1, high: 4 },
      targetModules: { type: "categorical", choices: ["all-linear", ["query", "value"]] },
    },
    metric: "loss",
    limits: { trials: 4 },
    winnerSeeds: 2,
    outputDir: join(folder, name),
    workers: 2,
    ...more,
  };
}

async function run(options: SweepOptions): Promise<{ events: SweepEvent[]; summary: SweepSummary }> {
  const events: SweepEvent[] = [];
  const generator = sweep(options);
  for (;;) {
    const next = await generator.next();
    if (next.done === true) return { events, summary: next.value };
    events.push(next.value);
  }
}

/** SHA-256 of the results of all jobs. */
async function resultHashes(name: string): Promise<Record<string, string>> {
  const results = join(folder, name, "store", "results");
  const hashes: Record<string, string> = {};
  for (const path of (await readdir(results, { recursive: true })).sort()) {
    const bytes = await readFile(join(results, path)).catch(() => undefined); // folders have none
    if (bytes !== undefined) hashes[path.replaceAll(name, "")] = createHash("sha256").update(bytes).digest("hex");
  }
  return hashes;
}

test("a sweep in child processes: trials, winner with new seeds, report; resumed, it computes nothing again", async () => {
  const { summary, events } = await run(options("whole"));
  assert.deepEqual(
    summary.trials.map(({ state }) => state),
    ["complete", "complete", "complete", "complete"],
  );
  assert.equal(summary.reason, "trials");
  const { winner } = summary;
  assert.ok(winner?.test !== undefined);
  assert.equal(winner.number, summary.best?.number);
  assert.equal(winner.searchValue, Math.min(...summary.trials.map(({ value }) => value ?? NaN)));
  assert.deepEqual(winner.seeds, [43, 44]);
  assert.equal(winner.validation.values.length, 2);
  const { low, high } = winner.validation.interval ?? { low: NaN, high: NaN };
  assert.ok(low <= winner.validation.mean && winner.validation.mean <= high);
  assert.ok(Number.isFinite(winner.test.mean));
  assert.ok(Number.isFinite(winner.selection.byTexts));
  assert.ok(winner.selection.lead >= 0);
  assert.equal(events.filter(({ type }) => type === "value").length, 12, "three evaluations of each trial");
  const report = JSON.parse(await readFile(join(folder, "whole", "sweep.json"), "utf8")) as { trials: unknown[] };
  assert.equal(report.trials.length, 4);
  assert.ok(existsSync(join(folder, "whole", "adapter", "adapter_model.safetensors")));
  const before = await resultHashes("whole");
  const again = await run(options("whole", { resume: true }));
  assert.deepEqual(again.summary.trials, summary.trials);
  assert.deepEqual(again.summary.winner, winner);
  assert.ok(!again.events.some(({ type }) => type === "trial" || type === "value"));
  assert.deepEqual(await resultHashes("whole"), before);
});

test('resume "auto" goes on with the sweep of the same settings; other settings get a number, and go on too', async () => {
  const auto = (more: object): ReturnType<typeof run> =>
    run(options("auto", { resume: "auto", limits: { trials: 1 }, winnerSeeds: 0, test: undefined, ...more }));
  const notices = ({ events }: Awaited<ReturnType<typeof run>>): string[] =>
    events.flatMap((event) => (event.type === "notice" ? [event.message] : []));
  const isNew = ({ events }: Awaited<ReturnType<typeof run>>): boolean => events.some(({ type }) => type === "value");
  const first = await auto({});
  assert.equal(first.summary.outputDir, join(folder, "auto"));
  assert.ok(isNew(first));
  const again = await auto({});
  assert.deepEqual([again.summary.trials, again.summary.name], [first.summary.trials, first.summary.name]);
  assert.ok(!isNew(again));
  assert.match(notices(again).join(), /auto holds a sweep of these settings, which goes on/);
  const other = await auto({ seed: 7 });
  assert.equal(other.summary.outputDir, join(folder, "auto-2"));
  assert.equal(other.summary.name, `${first.summary.name}-2`);
  assert.ok(isNew(other));
  assert.match(notices(other).join(), /auto holds a sweep of other settings, data or models; this one is in .*auto-2/);
  const third = await auto({ seed: 8 });
  assert.match(notices(third).join(), /auto and 1 more hold sweeps of other settings, .*auto-3/);
  assert.ok(!isNew(await auto({ seed: 7 })), "the second goes on");
  await assert.rejects(run(options("auto", { limits: { trials: 1 } })), /holds a sweep named .* already/);
});

test("a sweep whose store is on S3 gives the numbers of one in a folder, and the winner's weights", async (t) => {
  await s3Server(t);
  const few = { limits: { trials: 2 }, winnerSeeds: 1, workers: 1 };
  const plain = await run(options("beside-s3", few));
  const { summary } = await run(options("from-s3", { ...few, store: "s3://bucket/sweeps" }));
  const values = ({ trials, winner }: SweepSummary): unknown[] => [
    trials.map(({ settings, value, intermediate }) => [settings, value, intermediate]),
    winner?.validation,
    winner?.test,
  ];
  assert.deepEqual(values(summary), values(plain.summary));
  const weights = ["from-s3", "beside-s3"].map((name) =>
    readFileSync(join(folder, name, "adapter", "adapter_model.safetensors")),
  );
  assert.ok(weights[0].equals(weights[1]));
});

test("a trial whose machine is lost at any moment goes on at another one, to the same result", async (t) => {
  const server = await s3Server(t);
  const place = "s3://bucket/sweeps";
  const few = { limits: { trials: 1 }, winnerSeeds: 0, test: undefined, workers: 1 };
  const training = { maxSteps: 6, evalSteps: 1, perDeviceTrainBatchSize: 8 };
  await run(options("moved", { ...few, training, store: place }));
  const machine = async (): Promise<S3Store> =>
    S3Store.open(place, { cacheDir: await temporaryFolder(t), snapshotMs: 0 });
  const store = await machine();
  const [name] = await store.manifestNames();
  const [document, expected] = [await store.readDocument(name), await store.readManifest(name)];
  assert.ok(expected.kind === "found");
  await store.retire(name, expected);
  const trial = async (to: S3Store, onStep: (done: number, stop: AbortController) => void): Promise<JobManifest> => {
    const surroundings = { types: JOB_TYPE_CODE, code: expected.manifest.code, inputFolders: [] };
    const stop = new AbortController();
    const progress = ({ done }: { readonly done: number }): void => onStep(done, stop);
    return (await runJob(document, { ...surroundings, store: to, signal: stop.signal, progress })).manifest;
  };
  const moments: (typeof server.objects)[] = [];
  const calm = await trial(store, () => moments.push(new Map(server.objects)));
  assert.deepEqual(calm.files, expected.manifest.files);
  for (const moment of moments.filter((_, i) => i % 3 === 2)) {
    server.objects.clear();
    for (const [key, object] of moment) server.objects.set(key, object);
    const { files } = await trial(await machine(), () => undefined);
    assert.deepEqual(files, expected.manifest.files);
  }
  await store.retire(name, await store.readManifest(name));
  const stopAt4 = (done: number, stop: AbortController): void => (done === 4 ? stop.abort() : undefined);
  await assert.rejects(trial(await machine(), stopAt4), { code: "aborted" });
  let first: number | undefined;
  const { files } = await trial(await machine(), (done) => (first ??= done));
  assert.deepEqual(files, expected.manifest.files);
  assert.equal(first, 4, "it goes on where it stopped");
});

test("a worker that is killed in a trial leaves the same results; paused trials continue from their checkpoint", async () => {
  const pruner = { name: "asha", reductionFactor: 2 } as const;
  const shared = { pruner, workers: 1, winnerSeeds: 0, test: undefined };
  const undisturbed = await run(options("calm", shared));
  assert.ok(undisturbed.events.some(({ type }) => type === "paused"));
  assert.ok(undisturbed.events.some(({ type }) => type === "continued"));
  let driver: LocalDriver | undefined;
  const open = async (store: string): Promise<LocalDriver> =>
    (driver = new LocalDriver({ store: await openStore(store), workers: 1 }));
  const generator = sweep(options("killed", { ...shared, driver: open }));
  let summary: SweepSummary | undefined;
  let kills = 0;
  for (let next = await generator.next(); summary === undefined; next = await generator.next()) {
    if (next.done === true) summary = next.value;
    else if (next.value.type === "value" && kills < 2) {
      kills++;
      for (const pid of driver?.pids ?? []) process.kill(pid, "SIGKILL");
    }
  }
  assert.equal(kills, 2);
  const outcomes = ({ trials }: SweepSummary): unknown[] =>
    trials.map(({ number, settings, state, value, rungs, intermediate }) => [
      number,
      settings,
      state,
      value,
      rungs,
      intermediate,
    ]);
  assert.deepEqual(outcomes(summary), outcomes(undisturbed.summary));
  const whole = summary.trials.flatMap(({ number, state }) => (state === "complete" ? [number] : []));
  assert.ok(whole.length > 0);
  // A trial that is paused late may come to its end before it stops, and then has a result too.
  const ofWhole = async (name: string): Promise<[string, string][]> =>
    Object.entries(await resultHashes(name)).filter(([path]) => whole.includes(Number(/-trial-(\d+)/.exec(path)?.[1])));
  assert.deepEqual(await ofWhole("killed"), await ofWhole("calm"));
  assert.equal((await ofWhole("calm")).length, whole.length);
});

test("a trial that another program adds to the journal is no obstacle to the winner's report", async () => {
  const journal = join(folder, "joined", "optuna-journal.log");
  const time = "2026-01-02T03:04:05.000000";
  const foreign: Operation = {
    ...{ op_code: OPERATION.createTrial, study_id: 0, datetime_start: time, datetime_complete: time },
    ...{ state: TRIAL_STATE.complete, value: 100, values: null },
  };
  let added = false;
  let summary: SweepSummary | undefined;
  for await (const event of sweep(options("joined", { limits: { trials: 2 }, winnerSeeds: 1, workers: 1 }))) {
    if (event.type === "finished") summary = event;
    if (event.type !== "complete" || added) continue;
    added = true;
    await new JournalFile(journal).append(() => [foreign]);
  }
  assert.deepEqual(
    summary?.trials.map(({ state }) => state),
    ["complete", "complete", "complete"],
  );
  assert.equal(summary?.winner?.validation.values.length, 1);
});

test("wrong options are all reported before anything is written", async () => {
  const wrong = options("wrong", {
    name: "../x",
    space: {
      learningRate: { type: "float", low: 1, high: 0.1, log: true },
      rank: { type: "int", low: 1, high: 4 },
      seed: { type: "int", low: 1, high: 4 },
      r: { type: "int", low: 1, high: 4, when: { later: 1 } },
      later: { type: "categorical", choices: [] },
    },
    sampler: { name: "tpe", gamma: 2 },
    pruner: { name: "asha", reductionFactor: 1 },
    seeds: [],
    direction: "maximize",
    limits: { trials: 0 },
  });
  const error: unknown = await run(wrong).catch((caught: unknown) => caught);
  assert.ok(error instanceof TsloraError && error.code === "bad-option");
  for (const part of [
    "name must",
    "learningRate.low",
    "later.choices",
    "later, which must be",
    "sampler.gamma",
    "pruner.reductionFactor",
    "seeds must",
    "direction must be minimize",
    "limits.trials",
  ])
    assert.ok(error.message.includes(part), `${part} in:\n${error.message}`);
  assert.ok(!existsSync(join(folder, "wrong")));
  for (const [space, wanted] of [
    [{ rank: { type: "int", low: 1, high: 4 } }, /space\.rank must be an option of an adapter/],
    [{ seed: { type: "int", low: 1, high: 4 } }, /space\.seed must be left out: a sweep sets it itself/],
    [{ learningRate: { type: "float", low: -1, high: 1 } }, /learningRate must be a number above 0; got -1/],
    [{ r: { type: "int", low: 1, high: 400 } }, /r must be a whole number from 1 to the model's width/],
  ] as const)
    await assert.rejects(run(options("wrong", { space })), wanted);
  await assert.rejects(run(options("wrong", { maxLength: 500 })), /maxLength must be a whole number from 2 to 20/);
  assert.ok(!existsSync(join(folder, "wrong")));
});
