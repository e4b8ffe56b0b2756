import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { cellSignal } from "../../../base/cell-signal";
import { writeAtomically } from "../../../base/files/write-atomically";
import type { JsonValue } from "../../../base/json";
import { lockFolder } from "../../../base/lock/lock-output";
import { TsloraError } from "../../../base/tslora-error";
import type { JobDocument, JobInput } from "../../contract/job-document";
import type { JobDriver } from "../../drivers/job-driver";
import type { RecordedTrial } from "../journal/sweep-journal";
import type { Settings } from "../space/search-space";
import { TEST_FILE, VALIDATION_FILE, type ScoredTexts } from "../trial/train-trial-job";
import { textLines, type TrialText } from "../trial/trial-texts";
import type { TrialJobSettings } from "../trial/trial-settings";
import { winnerReport, type WinnerReport } from "../winner/winner-report";
import { trialOptions } from "./check-trial-options";
import { EventQueue } from "./event-queue";
import { plain, planSweep, planText, type SweepPlan } from "./plan-sweep";
import { searchSettings } from "./search-settings";
import type { SweepEvent, SweepSummary } from "./sweep-event";
import type { SweepOptions } from "./sweep-options";
import { metricOf } from "./trial-result";

/** Names in a sweep's output folder. */
export const SWEEP_FILES = { journal: "optuna-journal.log", store: "store", report: "sweep.json", adapter: "adapter" } as const;

/** The number of workers where an engine has no limit. */
const MANY_WORKERS = 16;

/**
 * Searches the settings of a training: runs trials with a driver, stops bad ones early, and trains the best with new seeds,
 * since the best of many values is too good. It is an async generator of events. The journal in the output folder is one of
 * Optuna's: `optuna.load_study` and optuna-dashboard read it while the sweep runs.
 *
 * With one worker the same seed gives the same sweep, also after an interruption. With several, a proposal depends on which
 * trials have ended by then; each trial's own result does not.
 *
 * @throws TsloraError `bad-option` that lists everything invalid, before anything is written; `in-use` if another process
 *   runs a sweep in this folder, or the folder holds a sweep of this name and `resume` is false.
 */
export async function* sweep(options: SweepOptions): AsyncGenerator<SweepEvent, SweepSummary, void> {
  const started = performance.now();
  const plan = await planSweep(options);
  const lock = lockFolder(plan.outputDir, { purpose: "sweep", covers: [SWEEP_FILES.store] });
  const store = join(plan.outputDir, SWEEP_FILES.store);
  let driver: JobDriver | undefined;
  try {
    const inputs = await storeInputs(plan, store);
    driver = await options.driver(store);
    return yield* run({ plan, options, driver, store, inputs, started });
  } finally {
    await driver?.close();
    lock.release();
  }
}

interface Run {
  readonly plan: SweepPlan;
  readonly options: SweepOptions;
  readonly driver: JobDriver;
  readonly store: string;
  readonly inputs: readonly JobInput[];
  readonly started: number;
}

async function* run(sweepRun: Run): AsyncGenerator<SweepEvent, SweepSummary, void> {
  const { plan, options, driver, inputs, started } = sweepRun;
  const { signal = cellSignal(), limits = {}, resume = false } = options;
  const { capacity } = driver;
  const most = Number.isFinite(capacity) ? capacity : MANY_WORKERS;
  yield { type: "notice", message: plan.model.notice };
  const search = yield* searchSettings({
    ...plan,
    journal: join(plan.outputDir, SWEEP_FILES.journal),
    space: options.space,
    limits,
    driver,
    workers: Math.max(1, Math.min(options.workers ?? most, most)),
    document: ({ number, settings, seed }) =>
      trialDocument(sweepRun, {
        name: `${plan.name}-trial-${digits(number)}-seed-${seed}`,
        settings,
        seed,
        inputs: inputs.slice(0, 2),
        keepWeights: false,
      }),
    plan: planText(plan, options, inputs.map(({ sha256 }) => sha256)),
    resume,
    signal,
  });
  const { trials, best, reason } = search;
  const winner =
    best === undefined || reason === "stopped" || plan.winnerSeeds.length === 0
      ? undefined
      : yield* retrain(sweepRun, { best, trials, signal });
  const summary: SweepSummary = {
    type: "finished",
    trials,
    best,
    winner,
    reason: signal?.aborted === true ? "stopped" : reason,
    journal: join(plan.outputDir, SWEEP_FILES.journal),
    elapsedSeconds: (performance.now() - started) / 1000,
  };
  if (summary.reason !== "stopped") await writeReport(plan, options, summary);
  yield summary;
  return summary;
}

/** Writes the texts into the store, each file under its hash. */
async function storeInputs({ texts }: SweepPlan, store: string): Promise<JobInput[]> {
  const inputs: JobInput[] = [];
  for (const part of [texts.train, texts.validation, texts.test]) {
    if (part === undefined) continue;
    const lines = textLines(part);
    const sha256 = createHash("sha256").update(lines).digest("hex");
    const path = `inputs/${sha256}.jsonl`;
    if (!existsSync(join(store, path))) await writeAtomically(join(store, path), lines);
    inputs.push({ path, sha256 });
  }
  return inputs;
}

function trialDocument(
  { plan, options }: Run,
  job: { name: string; settings: Settings; seed: number; inputs: readonly JobInput[]; keepWeights: boolean },
): JobDocument {
  const { adapter, training } = trialOptions(options, job.settings);
  const { labels, maxLength, device } = options;
  const { origin, directory, id } = plan.model;
  const settings: TrialJobSettings = {
    model: origin.kind === "installed" ? origin.name : origin.kind === "folder" ? directory : id,
    modelSha256: plan.modelSha256,
    labels: [...labels],
    problemType: plan.problemType,
    method: plan.method,
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(device === undefined ? {} : { device }),
    adapter: plan.method === "lora" ? plain(adapter) : {},
    training: plain(training),
    metric: plan.metric,
    keepWeights: job.keepWeights,
  };
  const { name, seed, inputs } = job;
  return { format: 1, type: "train-trial", name, settings: plain(settings), seed, inputs };
}

/** Trains the winner with new seeds, and reports it. Undefined if the sweep is stopped meanwhile. */
async function* retrain(
  sweepRun: Run,
  { best, trials, signal }: { best: RecordedTrial; trials: readonly RecordedTrial[]; signal: AbortSignal | undefined },
): AsyncGenerator<SweepEvent, WinnerReport | undefined, void> {
  const { plan, driver, store, inputs, options } = sweepRun;
  const { winnerSeeds: seeds, metric } = plan;
  yield { type: "winner", number: best.number, seeds };
  const queue = new EventQueue<{ seed: number; value: number | undefined } | { error: unknown }>();
  const stop = AbortSignal.any([signal ?? new AbortController().signal]);
  const name = (seed: number): string => `${plan.name}-winner-${digits(best.number)}-seed-${seed}`;
  const one = async (seed: number): Promise<void> => {
    const document = trialDocument(sweepRun, { name: name(seed), settings: best.settings, seed, inputs, keepWeights: true });
    const outcome = await driver.run(document, { signal: stop });
    if (outcome.type === "failed")
      throw new TsloraError("bad-input", `The winner could not be trained with seed ${seed}: ${outcome.error}`);
    queue.push({ seed, value: outcome.type === "done" ? metricOf(outcome.manifest, metric) : undefined });
  };
  const most = Math.min(seeds.length, options.workers ?? Infinity, driver.capacity);
  const open = [...seeds];
  const worker = async (): Promise<void> => {
    for (let seed = open.shift(); seed !== undefined && signal?.aborted !== true; seed = open.shift()) await one(seed);
  };
  const workers = Promise.all(Array.from({ length: Math.max(1, most) }, worker)).catch((error: unknown) => {
    open.length = 0;
    queue.push({ error });
  });
  const values = new Map<number, number>();
  while (values.size < seeds.length && signal?.aborted !== true) {
    await Promise.race([queue.wait(), aborted(signal)]);
    for (let item = queue.take(); item !== undefined; item = queue.take()) {
      if ("error" in item) throw item.error;
      if (item.value === undefined) continue;
      values.set(item.seed, item.value);
      yield { type: "winner-run", seed: item.seed, value: item.value };
    }
  }
  await workers;
  if (values.size < seeds.length) return undefined;
  const scored = (job: string, file: string): Promise<ScoredTexts> => readScores(join(store, "results", job, file));
  const complete = trials.filter(({ state }) => state === "complete");
  const ofTrial = ({ number }: RecordedTrial): Promise<ScoredTexts[]> =>
    Promise.all(plan.seeds.map((seed) => scored(`${plan.name}-trial-${digits(number)}-seed-${seed}`, VALIDATION_FILE)));
  return winnerReport({
    best,
    trials,
    metric,
    problemType: plan.problemType,
    direction: plan.direction,
    searchSeeds: plan.seeds.length,
    seeds,
    values: seeds.map((seed) => values.get(seed) ?? NaN),
    test: plan.texts.test === undefined ? [] : await Promise.all(seeds.map((seed) => scored(name(seed), TEST_FILE))),
    validation: await Promise.all(complete.map(ofTrial)),
    seed: plan.seed,
  });
}

async function readScores(path: string): Promise<ScoredTexts> {
  return JSON.parse(await readFile(path, "utf8")) as ScoredTexts; // the driver has checked the file's hash
}

/** Writes sweep.json, and copies the adapter of the winner's first new seed. */
async function writeReport(plan: SweepPlan, options: SweepOptions, summary: SweepSummary): Promise<void> {
  const { name, metric, direction, seeds, sampler, pruner, outputDir, method } = plan;
  const { winner } = summary;
  const report = {
    format: 1,
    name,
    model: plan.model.id,
    metric,
    direction,
    seeds,
    sampler: sampler as JsonValue,
    pruner: pruner as JsonValue,
    space: options.space as JsonValue,
    trials: summary.trials as unknown as JsonValue,
    winner: (winner ?? null) as unknown as JsonValue,
    elapsedSeconds: summary.elapsedSeconds,
  };
  if (winner !== undefined && method !== "full") {
    const job = `${name}-winner-${digits(winner.number)}-seed-${winner.seeds[0]}`;
    const to = join(outputDir, SWEEP_FILES.adapter);
    await rm(to, { recursive: true, force: true });
    await cp(join(outputDir, SWEEP_FILES.store, "results", job, "adapter"), to, { recursive: true });
  }
  await writeAtomically(join(outputDir, SWEEP_FILES.report), `${JSON.stringify(report, undefined, 1)}\n`);
}

function digits(number: number): string {
  return String(number).padStart(4, "0");
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
}
