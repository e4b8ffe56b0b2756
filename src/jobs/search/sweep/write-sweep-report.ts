import { join } from "node:path";

import { writeAtomically } from "../../../base/files/write-atomically";
import { copyResult } from "../../store/copy-result";
import type { JobStore } from "../../store/job-store";
import { plain, type SweepPlan } from "./plan-sweep";
import type { SweepSummary } from "./sweep-event";
import type { SweepOptions } from "./sweep-options";
import { trialJobName } from "./trial-document";

/** Names in a sweep's output folder. */
export const SWEEP_FILES = {
  journal: "optuna-journal.log",
  store: "store",
  report: "sweep.json",
  adapter: "adapter",
  /** With the methods "head" and "full". */
  model: "model",
} as const;

/** Writes sweep.json, and copies the weights of the winner's first new seed. */
export async function writeSweepReport(
  summary: SweepSummary,
  { plan, options, store }: { plan: SweepPlan; options: SweepOptions; store: JobStore },
): Promise<void> {
  const { name, metric, direction, seeds, sampler, pruner, outputDir, method } = plan;
  const { winner, trials, elapsedSeconds } = summary;
  if (winner !== undefined) {
    const weights = method === "lora" ? SWEEP_FILES.adapter : SWEEP_FILES.model;
    const job = trialJobName(plan, { of: "winner", number: winner.number, seed: winner.seeds[0] });
    await copyResult(store, { job, folder: weights, to: join(outputDir, weights) });
  }
  const report = {
    format: 1,
    name,
    model: plan.model.id,
    metric,
    direction,
    seeds,
    sampler,
    pruner,
    space: options.space,
    trials,
    winner: winner ?? null,
    elapsedSeconds,
  };
  await writeAtomically(join(outputDir, SWEEP_FILES.report), `${JSON.stringify(plain(report), undefined, 1)}\n`);
}
