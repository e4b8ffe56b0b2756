import { join } from "node:path";

import { cellSignal } from "../base/cell-signal";
import { outputFolder } from "../base/files/output-folder";
import { resolveDevice } from "../device/open-device";
import { folderHash } from "../hub/folder-hash";
import { resolveModel } from "../hub/resolve-model";
import type { ExperimentEvent, ExperimentSummary } from "./experiment-event";
import { DEFAULT_MAX_LENGTH, type ExperimentOptions } from "./experiment-options";
import { planRuns } from "./plan-runs";
import { runTitle, type PlannedRun } from "./planned-run";
import { remainingSeconds } from "./remaining-time";
import { RunCache } from "./run-cache";
import { experimentCodeHash, runKey } from "./run-key";
import { runMethod, type RunContext } from "./run-method";
import { accuracyOf, type RunResult } from "./run-result";

/**
 * Compares methods of classification on the same texts: on a fixed split with several seeds, over the folds of a
 * repeated stratified cross-validation, and with fewer training texts. Each finished run is stored in a cache. A second
 * call reuses the runs whose inputs are unchanged, so a killed experiment continues after its last finished run.
 *
 * @example
 * const { results } = await experimentProgress().follow(runExperiment({
 *   model: "embedded", labels, methods: studyMethods(), holdout: { train, validation, test, seeds: [1, 2, 3] },
 * }));
 *
 * @throws TsloraError `bad-option` that lists everything invalid, before anything is computed; errors of loading,
 *   training and evaluation.
 */
export async function* runExperiment(
  options: ExperimentOptions,
): AsyncGenerator<ExperimentEvent, ExperimentSummary, void> {
  const { labels, maxLength = DEFAULT_MAX_LENGTH, signal = cellSignal(), device, requireGpu } = options;
  const { cacheDir = join(outputFolder(), "experiment") } = options;
  const started = performance.now();
  const plan = planRuns(options);
  const model = typeof options.model === "string" ? await resolveModel(options.model) : options.model;
  const keys = await keysOf(plan, { ...options, maxLength, directory: model.directory });
  const cache = new RunCache(cacheDir);
  const found = await Promise.all(keys.map((key) => cache.read(key)));
  const results = found.map((one) => (one.kind === "found" ? one.result : undefined));
  const cached = results.filter((one) => one !== undefined).length;
  const damaged = found.flatMap((one) => (one.kind === "damaged" ? [one.path] : []));
  yield { type: "experiment", runs: plan.length, cached, cacheDir, damaged };
  const context = { model, labels, maxLength, device, requireGpu, signal };
  for (const [i, run] of plan.entries()) {
    signal?.throwIfAborted();
    const about = { run: i + 1, runs: plan.length, title: runTitle(run) };
    const stored = results[i];
    const left = plan.filter((_, k) => results[k] === undefined);
    if (stored === undefined)
      yield {
        type: "run",
        ...about,
        ...estimate(
          left,
          results.filter((one) => one !== undefined),
        ),
      };
    const result = named(stored ?? (yield* computed(run, context)), run);
    if (stored === undefined) await cache.write(keys[i], result);
    results[i] = result;
    const accuracy = accuracyOf(result);
    yield { type: "result", ...about, accuracy, cached: stored !== undefined, elapsedSeconds: result.elapsedSeconds };
  }
  const all = results.filter((one) => one !== undefined);
  const summary: ExperimentSummary = {
    type: "finished",
    results: all,
    cached,
    elapsedSeconds: (performance.now() - started) / 1000,
    computedSeconds: all.reduce((sum, { elapsedSeconds }) => sum + elapsedSeconds, 0),
  };
  yield summary;
  return summary;
}

async function keysOf(
  plan: readonly PlannedRun[],
  options: ExperimentOptions & { readonly maxLength: number; readonly directory: string },
): Promise<string[]> {
  const { labels, maxLength, directory, device, requireGpu } = options;
  const { kind, name, backend } = await resolveDevice({ device, requireGpu });
  const shared = {
    code: await experimentCodeHash(),
    model: await folderHash(directory),
    labels,
    maxLength,
    device: JSON.stringify([kind, name, backend, process.env.TSLORA_INSTRUCTIONS ?? null]),
  };
  return plan.map((run) => runKey(run, shared));
}

/** Computes a run, with the events of its training. */
async function* computed(run: PlannedRun, context: RunContext): AsyncGenerator<ExperimentEvent, RunResult, void> {
  const events = runMethod(run, context);
  try {
    for (;;) {
      const next = await events.next();
      if (next.done === true) return next.value;
      yield { type: "training", event: next.value };
    }
  } finally {
    await events.return(undefined as never); // a consumer that leaves ends the training
  }
}

/** A result with the current name of its method: a cached result may have an older one, since the key ignores it. */
function named(result: RunResult, { method }: PlannedRun): RunResult {
  return { ...result, method: method.name };
}

function estimate(left: readonly PlannedRun[], done: readonly RunResult[]): { remainingSeconds?: number } {
  const seconds = remainingSeconds(left, done);
  return seconds === undefined ? {} : { remainingSeconds: seconds };
}
