import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

import { expandHome } from "../../base/files/expand-home";
import { lockFolder } from "../../base/lock/lock-output";
import { stoppedPrediction } from "./stopped-prediction";
import type { JobDriver, JobOutcome } from "../drivers/job-driver";
import { outlastOutage } from "../drivers/outage";
import { openDriver } from "../open-driver";
import { copyResult } from "../store/copy-result";
import type { JobStore } from "../store/job-store";
import { openStore, storePlace } from "../store/open-store";
import { choosePrediction, PREDICT_FILES_DEFAULTS } from "./choose-prediction";
import { tryModel } from "./try-model";
import { EventQueue } from "../event-queue";
import { inputFiles, type InputFile } from "./plan/input-files";
import { planShards, type PlannedShard } from "./plan/plan-shards";
import type { PredictFilesOptions } from "./predict-files-options";
import { PredictionMeter, type PredictionProgress } from "./prediction-meter";
import { addCounts, NO_RECORDS, type RecordCounts } from "./shard/shard-chunk";

/** Events of {@link predictFiles}. */
export type PredictFilesEvent =
  /** A file was hashed, and searched for records that later files replace. */
  | { readonly type: "planning"; readonly files: number; readonly of: number }
  | { readonly type: "planned"; readonly shards: number; readonly files: number; readonly records?: number }
  | ({ readonly type: "progress" } & PredictionProgress)
  /** A shard failed, or its worker was lost; it continues from its checkpoints. */
  | { readonly type: "retry"; readonly job: string; readonly error: string }
  | {
      readonly type: "shard";
      readonly job: string;
      readonly outcome: "done" | "reused" | "failed";
      readonly error?: string;
    };

/** The end of a prediction. */
export interface PredictFilesSummary extends RecordCounts {
  /** Texts that the encoder read; the others are the cascade's. */
  readonly encoded: number;
  readonly shards: number;
  /** Shards that failed, with their errors; the others are complete. */
  readonly failed: readonly { readonly job: string; readonly error: string }[];
  /** Folders of `predictions.*` and `problems.jsonl`, a shard each, in order. */
  readonly folders: readonly string[];
  readonly modelHash: string;
  readonly seconds: number;
}

/** The least time between two events of progress. */
const REPORT_MS = 500;

/**
 * Predicts the texts of files of any size: PubMed's baseline and update files, JSON Lines, CSV, TSV and Parquet, packed
 * or not. Writes `results/SHARD/predictions.*` below the output folder. The same call continues an interrupted one.
 *
 * @param inputs - paths, or patterns such as `pubmed/*.xml.gz`
 * @returns the summary; a corrupt file is one of its failed shards
 * @throws TsloraError `bad-option` or `bad-input` before anything is written, `aborted` if the signal stopped it.
 */
export async function* predictFiles(
  inputs: string | readonly string[],
  options: PredictFilesOptions,
): AsyncGenerator<PredictFilesEvent, PredictFilesSummary, void> {
  const started = performance.now();
  const { signal } = options;
  const files = inputFiles(typeof inputs === "string" ? [inputs] : inputs);
  const { choices, cascadePath } = await choosePrediction(options);
  await tryModel(choices);
  const output = resolve(expandHome(options.output));
  const place = storePlace(options.store ?? output);
  const lock = lockFolder(output, { purpose: "predictFiles" });
  try {
    const store = place === output ? undefined : await openStore(place);
    const shards = yield* plan(files, { options, output, choices, cascadePath });
    const records = shards.reduce<number | undefined>(
      (sum, shard) => (sum === undefined || shard.records === undefined ? undefined : sum + shard.records),
      0,
    );
    yield { type: "planned", shards: shards.length, files: files.length, records };
    if (store !== undefined) await addInputs(store, { shards, output });
    const driver = options.driver ?? (await ownDriver(shards.length, { options, place }));
    try {
      const collect = async (job: string): Promise<void> =>
        store && outlastOutage(() => copyResult(store, { job, to: join(output, "results", job) }), { signal });
      const outcomes = yield* runShards(shards, { driver, signal, collect });
      const left = outcomes.filter((outcome) => outcome === undefined || outcome.type === "stopped").length;
      if (left > 0 || signal?.aborted === true) throw stoppedPrediction({ left, of: shards.length });
      const seconds = (performance.now() - started) / 1000;
      return { ...summaryOf(shards, outcomes, output), modelHash: choices.modelHash, seconds };
    } finally {
      if (options.driver === undefined) await driver.close();
    }
  } finally {
    lock.release();
  }
}

/** Opens the driver of this call. With fewer shards than cores it has a worker for each shard. */
function ownDriver(
  shards: number,
  { options, place }: { readonly options: PredictFilesOptions; readonly place: string },
): Promise<JobDriver> {
  const { redis, slurm, sbatch, onNotice } = options;
  const local =
    redis === undefined && slurm === undefined && (process.env.TSLORA_WORKERS ?? process.env.TSLORA_REDIS ?? "") === "";
  const few = local && shards < availableParallelism() ? Math.max(1, shards) : undefined;
  return openDriver({ store: place, workers: options.workers ?? few, redis, slurm, sbatch, onNotice });
}

/** Stores the files that the plan made beside the input files. */
async function addInputs(
  store: JobStore,
  { shards, output }: { readonly shards: readonly PlannedShard[]; readonly output: string },
): Promise<void> {
  const paths = shards.flatMap(({ document }) => document.inputs.map(({ path }) => path));
  for (const path of new Set(paths.filter((one) => !isAbsolute(one))))
    await store.addInput(path, await readFile(join(output, path), "utf8"));
}

type Planning = Awaited<ReturnType<typeof choosePrediction>> & {
  readonly options: PredictFilesOptions;
  readonly output: string;
};

async function* plan(
  files: readonly InputFile[],
  { options, output, choices, cascadePath }: Planning,
): AsyncGenerator<PredictFilesEvent, PlannedShard[], void> {
  const { shardBytes, shardRows } = PREDICT_FILES_DEFAULTS;
  const queue = new EventQueue<PredictFilesEvent>();
  const stop = new AbortController(); // also if the loop over the events ends early
  const signal = AbortSignal.any([stop.signal, ...(options.signal === undefined ? [] : [options.signal])]);
  const planning = planShards({
    ...{ files, output, choices, cascadePath, signal },
    shardBytes: options.shardBytes ?? shardBytes,
    shardRows: options.shardRows ?? shardRows,
    onFile: (done) => queue.push({ type: "planning", files: done, of: files.length }),
  });
  planning.then(
    () => queue.end(),
    (error: unknown) => queue.end(error),
  );
  try {
    yield* queue;
    return await planning;
  } finally {
    stop.abort();
    await Promise.allSettled([planning]); // it writes into the output, which is locked until then
  }
}

/** Options of {@link runShards}. */
interface RunShardsOptions {
  readonly driver: JobDriver;
  readonly signal: AbortSignal | undefined;
  /** Takes a result out of the store. */
  readonly collect: (job: string) => Promise<void>;
}

async function* runShards(
  shards: readonly PlannedShard[],
  { driver, signal, collect }: RunShardsOptions,
): AsyncGenerator<PredictFilesEvent, readonly (JobOutcome | undefined)[], void> {
  const queue = new EventQueue<PredictFilesEvent>();
  const meter = new PredictionMeter(shards);
  const outcomes: (JobOutcome | undefined)[] = shards.map(() => undefined); // a stopped prediction leaves some open
  const stop = new AbortController(); // also if the loop over the events ends early
  const stopped = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]);
  let reported = performance.now();
  const report = (always = false): void => {
    if (!always && performance.now() - reported < REPORT_MS) return;
    reported = performance.now();
    queue.push({ type: "progress", ...meter.progress() });
  };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < shards.length && !stopped.aborted) {
      const index = next++;
      const { document } = shards[index];
      const outcome = await driver.run(document, {
        signal: stopped,
        onEvent: (event) => {
          if (event.type === "started") meter.start(event.job);
          if (event.type === "failed" && event.retries)
            queue.push({ type: "retry", job: event.job, error: event.error });
          if (event.type === "progress")
            meter.report(event.job, { done: event.progress.done, corrupt: event.progress.values?.corrupt });
          report();
        },
      });
      outcomes[index] = outcome;
      if (outcome.type === "stopped") return;
      if (outcome.type === "done") await collect(document.name);
      const counts = outcome.type === "done" ? { ...countsOf(outcome), reused: outcome.reused } : undefined;
      meter.end(document.name, counts);
      queue.push({
        ...{ type: "shard", job: document.name },
        ...(outcome.type === "failed"
          ? { outcome: "failed", error: outcome.error }
          : { outcome: outcome.reused ? "reused" : "done" }),
      });
      report(true);
    }
  };
  const workers = Array.from({ length: Math.min(driver.capacity, shards.length) }, worker);
  const running = Promise.all(workers);
  running.then(
    () => queue.end(),
    (error: unknown) => queue.end(error),
  );
  try {
    yield* queue;
    await running;
    return outcomes;
  } finally {
    stop.abort();
    await Promise.allSettled(workers);
  }
}

function countsOf({
  manifest: { summary },
}: Extract<JobOutcome, { type: "done" }>): RecordCounts & { encoded: number } {
  const number = (name: string): number => Number(summary[name] ?? 0);
  return {
    ...{ records: number("records"), texts: number("texts"), withoutText: number("withoutText") },
    ...{ corrupt: number("corrupt"), superseded: number("superseded"), encoded: number("encoded") },
  };
}

function summaryOf(
  shards: readonly PlannedShard[],
  outcomes: readonly (JobOutcome | undefined)[],
  output: string,
): Omit<PredictFilesSummary, "modelHash" | "seconds"> {
  const done = outcomes.filter((outcome) => outcome?.type === "done");
  return {
    ...done.map(countsOf).reduce<RecordCounts>(addCounts, NO_RECORDS),
    encoded: done.reduce((sum, outcome) => sum + countsOf(outcome).encoded, 0),
    shards: shards.length,
    failed: outcomes.flatMap((one) => (one?.type === "failed" ? [{ job: one.job, error: one.error }] : [])),
    folders: done.map(({ job }) => resolve(output, "results", job)),
  };
}
