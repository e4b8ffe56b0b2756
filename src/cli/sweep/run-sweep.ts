import { join, resolve } from "node:path";

import { outputFolder } from "../../base/files/output-folder";
import { deviceOf } from "../../device/device";
import { resolveModel } from "../../hub/resolve-model";
import { redisUrl } from "../../jobs/drivers/bullmq/redis-url";
import { openDriver } from "../../jobs/open-driver";
import type { SearchSpace } from "../../jobs/search/space/search-space";
import { sweep } from "../../jobs/search/sweep/sweep";
import type { SweepSummary } from "../../jobs/search/sweep/sweep-event";
import type { SweepOptions } from "../../jobs/search/sweep/sweep-options";
import { SWEEP_FILES } from "../../jobs/search/sweep/write-sweep-report";
import { readEncoderConfig } from "../../model/encoder-config";
import { EXIT } from "../exit-codes";
import { asksForSeveralLabels } from "../inputs/several-labels";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { pick } from "../options/option-table";
import { SWEEP_FLAGS } from "../options/sweep-options";
import { hearInterruption } from "../run/interruption";
import { shortPath } from "../run/run-in-terminal";
import { readSweepFile, withLines, type SweepFile } from "./sweep-file";
import { SweepView } from "./sweep-view";

type SweepFlags = ReturnType<typeof pick<typeof SWEEP_FLAGS>>;

/** `tslora sweep`. */
export async function runSweep({ terminal, args, values }: CommandCall): Promise<number> {
  const [path] = args;
  const file = await readSweepFile(path);
  const view = new SweepView(terminal, { json: values.json === true });
  const interruption = hearInterruption(terminal, {
    effect: "at the next steps of the running trials, with checkpoints",
    show: (text) => view.warn(text),
  });
  try {
    loadQuietly(terminal, deviceOf(file.sweep));
    const flags = pick(values, SWEEP_FLAGS);
    const options = await sweepOptions(file, { flags, view, signal: interruption.signal });
    let summary: SweepSummary | undefined;
    for await (const event of sweep(options)) {
      view.show(event);
      if (event.type === "finished") summary = event;
    }
    return summary === undefined
      ? EXIT.ok
      : showEnd(summary, { options, flags, path, view, json: values.json === true });
  } catch (error) {
    throw await withLines(path, error);
  } finally {
    view.close();
    interruption.release();
  }
}

async function sweepOptions(
  file: SweepFile,
  { flags, view, signal }: { flags: SweepFlags; view: SweepView; signal: AbortSignal },
): Promise<SweepOptions> {
  const { name = "sweep", model = "auto", labels, maxLength, device, space = {}, limits, ...more } = file.sweep;
  const checkpoint = await resolveModel(model, { requireTokenizer: true });
  const config = await readEncoderConfig(checkpoint.directory);
  const notice = (text: string): void => view.notice(text);
  const { loadParts } = await import("../train/load-parts.js"); // danfojs loads TensorFlow
  const plan = { model: { model, labels, maxLength, device }, data: file.data, split: file.split };
  const parts = await loadParts(plan, { config, notice, signal });
  const { store, workers, redis, slurm, sbatch } = flags;
  return {
    ...more,
    sampler: more.sampler as SweepOptions["sampler"],
    pruner: more.pruner as SweepOptions["pruner"],
    name,
    model: checkpoint,
    labels: parts.labels,
    problemType: asksForSeveralLabels(file.data) ? "multi_label_classification" : "single_label_classification",
    maxLength,
    device,
    train: parts.train,
    validation: parts.validation ?? [],
    test: more.winnerSeeds === 0 ? undefined : parts.test,
    space: space as SearchSpace,
    limits: { ...limits, ...(flags.trials === undefined ? {} : { trials: flags.trials }) },
    outputDir: resolve(flags.outputDir ?? more.outputDir ?? join(outputFolder(), "sweeps", name)),
    store,
    resume: flags.resume ?? false,
    workers,
    driver: (place) => openDriver({ store: place, workers, redis, slurm, sbatch, onNotice: notice }),
    signal,
  };
}

/** Surroundings of a sweep's end. */
interface SweepEnd {
  readonly options: SweepOptions;
  readonly flags: SweepFlags;
  readonly path: string;
  readonly view: SweepView;
  readonly json: boolean;
}

/** The flags that name what ran the trials. A password of Redis is not repeated. */
function driverFlags({ store, workers, redis, slurm, sbatch }: SweepFlags): string {
  const shown = redis === undefined ? undefined : redisUrl(redis)?.shown;
  const given = { store, workers, redis: shown, slurm, sbatch };
  return Object.entries(given)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ` --${name} ${String(value)}`)
    .join("");
}

function showEnd({ reason, winner }: SweepSummary, { options, flags, path, view, json }: SweepEnd): number {
  const { outputDir = "" } = options;
  if (reason === "stopped") {
    view.warn(
      `Stopped. Go on with:\n  npx tslora sweep ${path} -o ${shortPath(outputDir)}${driverFlags(flags)} --resume`,
    );
    return EXIT.interrupted;
  }
  if (json) return EXIT.ok;
  view.notice("");
  const weights = (options.method ?? "lora") === "lora" ? "adapter" : "model";
  if (winner !== undefined) view.notice(`${weights}: ${shortPath(join(outputDir, SWEEP_FILES[weights]))}`);
  view.notice(`results: ${shortPath(join(outputDir, SWEEP_FILES.report))}`);
  view.notice(`journal: ${shortPath(join(outputDir, SWEEP_FILES.journal))}`);
  return EXIT.ok;
}
