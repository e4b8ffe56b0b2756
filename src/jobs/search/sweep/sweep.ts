import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { cellSignal } from "../../../base/cell-signal";
import { lockFolder } from "../../../base/lock/lock-output";
import { sha256Of } from "../../../base/sha256-of";
import type { JobInput } from "../../contract/job-document";
import type { JobDriver } from "../../drivers/job-driver";
import { openDriver } from "../../open-driver";
import type { JobStore } from "../../store/job-store";
import { openStore, storePlace } from "../../store/open-store";
import type { RecordedTrial } from "../journal/sweep-journal";
import { TEST_FILE, VALIDATION_FILE, type ScoredTexts } from "../trial/train-trial-job";
import { textLines } from "../trial/trial-texts";
import { retrainWinner } from "../winner/retrain-winner";
import { winnerReport, type WinnerReport } from "../winner/winner-report";
import { mlflowSettings } from "../../../training/log/mlflow/mlflow-settings";
import { chooseSweep, type ChosenSweep } from "./choose-sweep";
import { planSweep, planText, type SweepPlan } from "./plan-sweep";
import { searchSettings } from "./search-settings";
import type { SweepEvent, SweepSummary } from "./sweep-event";
import type { SweepOptions } from "./sweep-options";
import { trialDocument, trialJobName } from "./trial-document";
import { SweepMlflow } from "./sweep-mlflow";
import { SWEEP_FILES, writeSweepReport } from "./write-sweep-report";

/** The number of workers where an engine has no limit. */
const MANY_WORKERS = 16;

/**
 * Searches the settings of a training: runs trials with a driver, stops bad ones early, and trains the best with new
 * seeds, since the best of many values is too good. It is an async generator of events. The journal in the output
 * folder is one of Optuna's: `optuna.load_study` and optuna-dashboard read it while the sweep runs.
 *
 * With one worker the same seed gives the same sweep, also after an interruption. With several, a proposal depends on
 * which trials have ended by then; each trial's own result does not.
 *
 * @throws TsloraError `bad-option` that lists everything invalid, before anything is written; `in-use` if another
 *   process runs a sweep in this folder, or the folder holds a sweep of this name and `resume` is false.
 */
export async function* sweep(options: SweepOptions): AsyncGenerator<SweepEvent, SweepSummary, void> {
  const started = performance.now();
  if (options.reportTo === "mlflow") mlflowSettings(); // refused before anything is written
  const planned = await planSweep(options);
  const parts = storedTexts(planned);
  const decides = planText(
    planned,
    options,
    parts.map(({ sha256 }) => sha256),
  );
  const { resume: asked = false } = options;
  const { name, outputDir } = planned;
  const chosen: ChosenSweep =
    asked === "auto" ? await chooseSweep({ name, outputDir, plan: decides }) : { name, outputDir, resume: asked };
  const { resume, notice } = chosen;
  const plan = { ...planned, name: chosen.name, outputDir: chosen.outputDir };
  const lock = lockFolder(plan.outputDir, { purpose: "sweep", covers: [SWEEP_FILES.store] });
  const place = storePlace(options.store ?? join(plan.outputDir, SWEEP_FILES.store));
  let driver: JobDriver | undefined;
  try {
    const store = await openStore(place);
    const inputs = await storeInputs(parts, store);
    driver = await (options.driver?.(place) ?? openDriver({ store: place, workers: options.workers }));
    const events = run({ plan, decides, resume, options, driver, store, inputs, started });
    if (notice !== undefined) yield { type: "notice", message: notice };
    return yield* options.reportTo === "mlflow" ? withMlflow(events, plan) : events;
  } finally {
    await driver?.close();
    lock.release();
  }
}

/** Logs a sweep's events to MLflow, and passes them on. */
async function* withMlflow(
  events: AsyncGenerator<SweepEvent, SweepSummary, void>,
  plan: SweepPlan,
): AsyncGenerator<SweepEvent, SweepSummary, void> {
  const mlflow = await SweepMlflow.begin(plan);
  if (typeof mlflow === "string") {
    yield { type: "notice", message: mlflow };
    return yield* events;
  }
  let ended = false;
  const end = async (summary?: SweepSummary): Promise<void> => {
    if (ended) return;
    ended = true;
    const adapter = join(plan.outputDir, SWEEP_FILES.adapter);
    await mlflow.end(summary, plan.method === "lora" && existsSync(adapter) ? adapter : undefined);
  };
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      await mlflow.write(next.value);
      if (next.value.type === "finished") await end(next.value);
      const message = mlflow.takeNotice();
      if (message !== undefined) yield { type: "notice", message };
      yield next.value;
    }
  } finally {
    await events.return(undefined as never); // a consumer that leaves stops the jobs
    await end();
  }
}

interface Run {
  readonly plan: SweepPlan;
  /** Everything that decides the trials, see {@link planText}. */
  readonly decides: string;
  readonly resume: boolean;
  readonly options: SweepOptions;
  readonly driver: JobDriver;
  readonly store: JobStore;
  readonly inputs: readonly JobInput[];
  readonly started: number;
}

async function* run(sweepRun: Run): AsyncGenerator<SweepEvent, SweepSummary, void> {
  const { plan, decides, resume, options, driver, inputs, started } = sweepRun;
  const { signal = cellSignal(), limits = {}, space } = options;
  const journal = join(plan.outputDir, SWEEP_FILES.journal);
  yield { type: "notice", message: plan.model.notice };
  const search = yield* searchSettings({
    ...plan,
    journal,
    space,
    limits,
    driver,
    workers: workersOf(sweepRun),
    document: (trial) => trialDocument({ ...trial, of: "trial", inputs: inputs.slice(0, 2) }, sweepRun),
    plan: decides,
    resume,
    signal,
  });
  const { trials, best, reason } = search;
  const winner =
    best === undefined || reason === "stopped" || plan.winnerSeeds.length === 0
      ? undefined
      : yield* reportWinner(sweepRun, { best, trials, signal });
  const summary: SweepSummary = {
    type: "finished",
    trials,
    best,
    winner,
    reason: signal?.aborted === true ? "stopped" : reason,
    name: plan.name,
    outputDir: plan.outputDir,
    journal,
    elapsedSeconds: (performance.now() - started) / 1000,
  };
  if (summary.reason !== "stopped") await writeSweepReport(summary, sweepRun);
  yield summary;
  return summary;
}

function workersOf({ driver, options }: Run): number {
  const most = Number.isFinite(driver.capacity) ? driver.capacity : MANY_WORKERS;
  return Math.max(1, Math.min(options.workers ?? most, most));
}

/** A part of the texts as a file of the store, under its hash. */
interface StoredTexts extends JobInput {
  readonly lines: string;
}

function storedTexts({ texts }: SweepPlan): StoredTexts[] {
  return [texts.train, texts.validation, texts.test].flatMap((part) => {
    if (part === undefined) return [];
    const lines = textLines(part);
    const sha256 = sha256Of(lines);
    return [{ path: `inputs/${sha256}.jsonl`, sha256, lines }];
  });
}

/** Writes the texts into the store. */
async function storeInputs(parts: readonly StoredTexts[], store: JobStore): Promise<JobInput[]> {
  for (const { path, lines } of parts) await store.addInput(path, lines);
  return parts.map(({ path, sha256 }) => ({ path, sha256 }));
}

/** Trains the winner with new seeds, and reports it. Undefined if the sweep is stopped meanwhile. */
async function* reportWinner(
  sweepRun: Run,
  { best, trials, signal }: { best: RecordedTrial; trials: readonly RecordedTrial[]; signal: AbortSignal | undefined },
): AsyncGenerator<SweepEvent, WinnerReport | undefined, void> {
  const { plan, driver, store, inputs } = sweepRun;
  const { winnerSeeds: seeds, metric } = plan;
  const { number, settings } = best;
  yield { type: "winner", number, seeds };
  const document = (seed: number): ReturnType<typeof trialDocument> =>
    trialDocument({ of: "winner", number, settings, seed, inputs }, sweepRun);
  const values = yield* retrainWinner({ driver, seeds, metric, workers: workersOf(sweepRun), document, signal });
  if (values === undefined) return undefined;
  const scores = async (of: "trial" | "winner", trial: number, seed: number, file: string): Promise<ScoredTexts> => {
    const job = trialJobName(plan, { of, number: trial, seed });
    const read = await readScores(await store.resultFile(job, file));
    await store.releaseResult(job);
    return read;
  };
  // other programs may add trials to the journal, whose texts nobody has scored
  const complete = trials.filter(({ state, sampler }) => state === "complete" && sampler !== undefined);
  return winnerReport({
    ...plan,
    best,
    trials,
    searchSeeds: plan.seeds.length,
    seeds,
    values,
    test:
      plan.texts.test === undefined
        ? []
        : await Promise.all(seeds.map((seed) => scores("winner", number, seed, TEST_FILE))),
    validation: await Promise.all(
      complete.map((trial) =>
        Promise.all(plan.seeds.map((seed) => scores("trial", trial.number, seed, VALIDATION_FILE))),
      ),
    ),
  });
}

async function readScores(path: string): Promise<ScoredTexts> {
  return JSON.parse(await readFile(path, "utf8")) as ScoredTexts; // the driver has checked the file's hash
}
