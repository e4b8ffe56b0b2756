import type { JobDocument, JobInput } from "../../contract/job-document";
import type { Settings } from "../space/search-space";
import type { TrialJobSettings } from "../trial/trial-settings";
import { trialOptions } from "./check-trial-options";
import { plain, type SweepPlan } from "./plan-sweep";
import type { SweepOptions } from "./sweep-options";

/** A sweep's job: a trial of the search, or a run of the winner, with one seed. */
export interface TrialJob {
  readonly of: "trial" | "winner";
  readonly number: number;
  readonly settings: Settings;
  readonly seed: number;
  readonly inputs: readonly JobInput[];
}

/** The name of a job. */
export function trialJobName(
  { name }: SweepPlan,
  { of, number, seed }: Pick<TrialJob, "of" | "number" | "seed">,
): string {
  return `${name}-${of}-${String(number).padStart(4, "0")}-seed-${seed}`;
}

/** The document of a job. Only the winner's runs keep their weights. */
export function trialDocument(
  job: TrialJob,
  { plan, options }: { plan: SweepPlan; options: SweepOptions },
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
    keepWeights: job.of === "winner",
  };
  const { seed, inputs } = job;
  return { format: 1, type: "train-trial", name: trialJobName(plan, job), settings: plain(settings), seed, inputs };
}
