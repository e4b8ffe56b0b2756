import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { returnValueOf } from "../../src/base/return-value";
import { repeatedStratifiedKFoldIndices } from "../../src/corpus/split/kfold-indices";
import { openDevice } from "../../src/device/open-device";
import { compareMethods } from "../../src/experiment/compare-methods";
import type { ExperimentEvent, ExperimentSummary } from "../../src/experiment/experiment-event";
import type { ExperimentOptions } from "../../src/experiment/experiment-options";
import { learningCurves } from "../../src/experiment/learning-curve";
import { studyMethods, type Method } from "../../src/experiment/method";
import { planRuns } from "../../src/experiment/plan-runs";
import { runExperiment } from "../../src/experiment/run-experiment";
import { accuracyOf, type RunResult } from "../../src/experiment/run-result";
import { scoresOfRun, summarizeRuns } from "../../src/experiment/summarize-runs";
import { accuracyScore } from "../../src/evaluation/metrics/accuracy-score";
import { logLoss } from "../../src/evaluation/metrics/log-loss";
import { tinyModel, tinyTexts } from "../cli/tiny";

const rows = tinyTexts(60).map(({ text, label }) => ({ text, label: label === "pos" ? 1 : 0 }));
const [train, validation, test] = [rows.slice(0, 36), rows.slice(36, 48), rows.slice(48)];
const holdout = { train, validation, test, seeds: [1, 2] };
const methods: Method[] = studyMethods({ maxSteps: 2 }).filter(({ name }) => !/all linear|original/.test(name));

let folder = "";
let model = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-experiment-"));
  model = await tinyModel(folder, "distilbert");
});
after(() => rm(folder, { recursive: true, force: true }));

const options = (more: Partial<ExperimentOptions> = {}): ExperimentOptions => ({
  model,
  labels: ["neg", "pos"],
  methods,
  holdout,
  maxLength: 16,
  device: "cpu",
  cacheDir: join(folder, "cache"),
  ...more,
});

async function run(
  more: Partial<ExperimentOptions> = {},
): Promise<{ events: ExperimentEvent[]; summary: ExperimentSummary }> {
  const events: ExperimentEvent[] = [];
  const summary = await returnValueOf(runExperiment(options(more)), (event) => void events.push(event));
  return { events, summary };
}

const untimed = (results: readonly RunResult[]): RunResult[] => results.map((one) => ({ ...one, elapsedSeconds: 0 }));

describe("an experiment", () => {
  it("runs every method for each seed; a second call reads all runs from the cache", async () => {
    const { events, summary } = await run();
    assert.equal(summary.cached, 0);
    assert.deepEqual(
      summary.results.map(({ method, seed }) => [method, seed]),
      methods.flatMap(({ name, kind }) =>
        (kind === "majority-class" || kind === "baseline" ? [1] : [1, 2]).map((seed) => [name, seed]),
      ),
    );
    const started = events.flatMap((event) => (event.type === "run" ? [event] : []));
    assert.equal(started[0].remainingSeconds, undefined);
    assert.ok(started.slice(1).every(({ remainingSeconds = 0 }) => remainingSeconds > 0));
    assert.ok(events.some((event) => event.type === "training" && event.event.type === "step"));

    const again = await run();
    assert.equal(again.summary.cached, summary.results.length);
    assert.deepEqual(again.summary.results, summary.results);
    assert.ok(again.events.every(({ type }) => type !== "run" && type !== "training"));
    const elsewhere = await run({ cacheDir: join(folder, "another") });
    assert.equal(elsewhere.summary.cached, 0);
    assert.deepEqual(untimed(elsewhere.summary.results), untimed(summary.results)); // the same seed, the same run
  });

  it("the cache is used only for runs with the same options and data", async () => {
    const lora: Method = { kind: "lora", name: "A", adapter: { r: 2 }, training: { maxSteps: 1 } };
    const cachedOf = async (more: Partial<ExperimentOptions>): Promise<number> =>
      (await run({ cacheDir: join(folder, "keys"), methods: [lora], holdout: { ...holdout, seeds: [1] }, ...more }))
        .summary.cached;
    assert.equal(await cachedOf({}), 0);
    const renamed = await cachedOf({ methods: [{ ...lora, name: "B" }] });
    assert.equal(renamed, 1);
    const changed: Partial<ExperimentOptions>[] = [
      { methods: [{ ...lora, adapter: { r: 3 } }] },
      { methods: [{ ...lora, training: { maxSteps: 2 } }] },
      { holdout: { ...holdout, seeds: [3] } },
      { holdout: { ...holdout, seeds: [1], train: [...train.slice(1), { ...train[0], label: 1 - train[0].label }] } },
      { holdout: { ...holdout, seeds: [1], test: [...test].reverse() } },
      { labels: ["no", "yes"] },
      { maxLength: 12 },
      { methods: [{ kind: "head", name: "A", training: { maxSteps: 1 } }] },
      { model: await tinyModel(join(folder, "other"), "bert") },
    ];
    for (const one of changed) assert.equal(await cachedOf(one), 0, JSON.stringify(Object.keys(one)));
  });

  it("after an interruption it continues after the last finished run, with the same results", async () => {
    const cacheDir = join(folder, "interrupted");
    const whole = await run({ cacheDir: join(folder, "cache") });
    const stop = new AbortController();
    const events = runExperiment(options({ cacheDir, signal: stop.signal }));
    let trained = 0;
    await assert.rejects(async () => {
      for (;;) {
        const next = await events.next();
        if (next.done === true) break;
        if (next.value.type === "training" && ++trained === 8) stop.abort(new Error("enough"));
      }
    }, /enough|stopped/);
    const { summary } = await run({ cacheDir });
    assert.ok(summary.cached > 0 && summary.cached < summary.results.length, `${summary.cached} from the cache`);
    assert.deepEqual(untimed(summary.results), untimed(whole.summary.results));
  });

  it("a consumer that leaves during a training ends it, and no tensor is left", async () => {
    const lora: Method = { kind: "lora", name: "LoRA", adapter: { r: 2 }, training: { maxSteps: 3 } };
    const one = { cacheDir: join(folder, "left"), methods: [lora], holdout: { ...holdout, seeds: [1] } };
    const leave = async (): Promise<void> => {
      for await (const event of runExperiment(options(one)))
        if (event.type === "training" && event.event.type === "step") return;
      assert.fail("the experiment has a step");
    };
    await leave();
    const { ops } = await openDevice({ device: "cpu" }, { where: "test" });
    const before = ops.alive();
    await leave();
    assert.equal(ops.alive(), before);
  });

  it("a damaged file is named, and its run computed again", async () => {
    const cacheDir = join(folder, "damaged");
    const few = { cacheDir, methods: methods.slice(0, 2), holdout: { ...holdout, seeds: [1] } };
    const { summary } = await run(few);
    const files = (await readdir(cacheDir, { recursive: true })).filter((name) => name.endsWith(".json"));
    assert.equal(files.length, 2);
    const [changed, cut] = files.map((name) => join(cacheDir, name));
    const text = await readFile(changed, "utf8");
    await writeFile(changed, text.replace(/"seed":\d+/, '"seed":77'));
    await writeFile(cut, (await readFile(cut, "utf8")).slice(0, 40));
    const again = await run(few);
    const [first] = again.events;
    assert.ok(first.type === "experiment");
    assert.deepEqual([...first.damaged].sort(), [changed, cut].sort());
    assert.equal(again.summary.cached, 0);
    assert.deepEqual(untimed(again.summary.results), untimed(summary.results));
    assert.equal((await run(few)).summary.cached, 2);
  });

  it("a stored run of another format is not taken, nor called damaged, and its run computed again", async () => {
    const cacheDir = join(folder, "format");
    const one = { cacheDir, methods: methods.slice(0, 1), holdout: { ...holdout, seeds: [1] } };
    const { summary } = await run(one);
    const [name] = (await readdir(cacheDir, { recursive: true })).filter((file) => file.endsWith(".json"));
    const path = join(cacheDir, name);
    const text = await readFile(path, "utf8");
    assert.match(text, /"format":1,/);
    for (const [format, damaged] of [
      ['"format":2,', []],
      ["", [path]],
    ] as const) {
      await writeFile(path, text.replace('"format":1,', format));
      const again = await run(one);
      const [first] = again.events;
      assert.ok(first.type === "experiment");
      assert.deepEqual([first.cached, first.damaged], [0, damaged]);
      assert.deepEqual(untimed(again.summary.results), untimed(summary.results));
      assert.match(await readFile(path, "utf8"), /"format":1,/);
    }
  });

  it("the majority class where a label has no training text: a finite logit, and scikit-learn's loss", async () => {
    const labels = ["neg", "pos", "rare", "rarest"];
    const rare = { ...test[0], label: 2 };
    const few = { cacheDir: join(folder, "rare"), labels, methods: methods.slice(0, 1) };
    const { summary } = await run({ ...few, holdout: { ...holdout, test: [...test, rare] } });
    const shares = [0, 1].map((label) => train.filter((row) => row.label === label).length / train.length);
    const [result] = summary.results;
    for (const { yPred, probabilities } of result.predictions) {
      assert.equal(yPred, shares[0] >= shares[1] ? 0 : 1);
      [...shares, Number.EPSILON, Number.EPSILON].forEach((share, label) =>
        assert.ok(Math.abs(probabilities[label] / share - 1) < 1e-5, `${labels[label]}: ${probabilities[label]}`),
      );
    }
    const yTrue = result.predictions.map((one) => one.yTrue);
    const yProba = result.predictions.map(({ probabilities }) => probabilities);
    const classes = labels.map((_, label) => label);
    const clipped = yProba.map(() => [...shares, 0, 0]); // as DummyClassifier(strategy="prior") gives them
    const [own, theirs] = [yProba, clipped].map((rows) => logLoss(yTrue, rows, { labels: classes }));
    assert.ok(Math.abs(own - theirs) < 1e-5, `${own} and ${theirs}`);
  });

  it("folds are scikit-learn's; every text is tested once in each repeat, and validation is no part of the test", () => {
    const folds = { data: rows, nSplits: 3, nRepeats: 2, randomState: 7 };
    const plan = planRuns(options({ holdout: undefined, folds, methods: methods.slice(0, 1) }));
    const expected = repeatedStratifiedKFoldIndices(
      rows.map(({ label }) => label),
      { nSplits: 3, nRepeats: 2, randomState: 7 },
    );
    assert.equal(plan.length, 6);
    plan.forEach((one, i) => {
      assert.deepEqual(
        one.test,
        expected[i].test.map((row) => rows[row]),
      );
      assert.equal(one.train.length + one.validation.length, expected[i].train.length);
      assert.equal(one.validation.length, Math.ceil(expected[i].train.length / 4));
      assert.deepEqual(one.part, { kind: "fold", repeat: Math.floor(i / 3), fold: i % 3 });
    });
  });

  it("texts that cannot be divided are refused by the name of their part, before anything is computed", async () => {
    const labels = ["neg", "pos", "rare"];
    const data = [...rows, { ...rows[0], label: 2 }, { ...rows[1], label: 2 }];
    await assert.rejects(
      runExperiment(options({ labels, holdout: undefined, folds: { data, nSplits: 2 } })).next(),
      /runExperiment: the training part of repeat 1, fold 1, 31 texts, cannot be divided\. .*got one of 2/,
    );
    await assert.rejects(
      runExperiment(options({ curve: { trainSizes: [train.length + 1] } })).next(),
      /runExperiment: the training texts of the holdout, 36 texts, cannot be divided\. .*trainSize must be/,
    );
  });

  it("summaries, tests and curves are those of the predictions", async () => {
    const { summary } = await run({
      methods: [methods[0], methods[2]],
      folds: { data: rows, nSplits: 2, nRepeats: 2 },
      curve: { trainSizes: [8, 36], methods: [methods[2]] },
    });
    const { results } = summary;
    const { holdout: fixed, folds } = summarizeRuns(results, { resamples: 200 });
    assert.deepEqual(
      [fixed, folds].map((part) => part.map(({ method, runs }) => [method, runs])),
      [
        [
          [methods[0].name, 1],
          [methods[2].name, 1],
        ],
        [
          [methods[0].name, 4],
          [methods[2].name, 4],
        ],
      ],
    );
    const [majority, baseline] = fixed;
    assert.equal(majority.scores.rocAuc.mean, 0.5);
    assert.equal(majority.scores.accuracy.mean, accuracyOf(results[0]));
    assert.equal(majority.scores.accuracy.deviation, null);
    assert.equal(baseline.scores.accuracy.mean, 1); // the classes have different words
    const byFold = results.filter(({ part, method }) => part.kind === "fold" && method === methods[0].name);
    assert.equal(folds[0].scores.accuracy.mean, byFold.reduce((sum, one) => sum + scoresOfRun(one).accuracy, 0) / 4);
    const [pair] = compareMethods(results, { reference: baseline.method, resamples: 200 });
    assert.deepEqual([pair.from, pair.to], [majority.method, baseline.method]);
    assert.equal(pair.mcnemar?.onlyBefore, 0);
    assert.equal(pair.mcnemar?.onlyAfter, test.length - Math.round(accuracyOf(results[0]) * test.length));
    assert.ok(Math.abs((pair.bootstrap?.difference ?? NaN) - (1 - accuracyOf(results[0]))) < 1e-12);
    assert.equal(pair.folds?.df, 3);
    const [curve] = learningCurves(results);
    assert.deepEqual(
      curve.points.map(({ x, seeds }) => [x, seeds]),
      [
        [8, 2],
        [36, 2],
      ],
    );
    const { predictions } = results[0];
    assert.equal(
      accuracyOf(results[0]),
      accuracyScore(
        predictions.map(({ yTrue }) => yTrue),
        predictions.map(({ yPred }) => yPred),
      ),
    );
  });

  it("bad options are refused together, before anything is computed", async () => {
    const events = runExperiment(
      options({
        methods: [methods[0], methods[0]],
        holdout: { ...holdout, seeds: [1, 1] },
        curve: { trainSizes: [10, 5] },
        maxLength: 1,
      }),
    );
    await assert.rejects(events.next(), (error: TsloraError) => {
      assert.equal(error.code, "bad-option");
      for (const part of [/got Majority class twice/, /holdout.seeds must differ/, /ascending/, /maxLength/])
        assert.match(error.message, part);
      return true;
    });
    await assert.rejects(runExperiment(options({ holdout: undefined })).next(), /holdout or folds must be given/);
    assert.throws(() => compareMethods([], { reference: "X" }), TsloraError);
  });
});
