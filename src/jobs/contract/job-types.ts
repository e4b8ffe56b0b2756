import type { JobTypeName } from "./job-document";
import type { JobType } from "./job-type";

/** Loads the code of each type of job. A document can choose one of these, and cannot name code. */
export type JobTypes = { readonly [Name in JobTypeName]: () => Promise<JobType> };

/** The closed list of types. A type's code is loaded by its first job. */
export const JOB_TYPE_CODE: JobTypes = {
  "predict-shard": async () => (await import("../prediction/predict-shard-job.js")).predictShardJob,
  "train-trial": async () => (await import("../search/trial/train-trial-job.js")).trainTrialJob,
};
