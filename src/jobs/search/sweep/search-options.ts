import type { JobDocument } from "../../contract/job-document";
import type { JobDriver } from "../../drivers/job-driver";
import type { PrunerOptions } from "../pruner/pruner-options";
import type { SamplerOptions } from "../samplers/sampler";
import type { SearchSpace, Settings } from "../space/search-space";

/** When a search ends. Trials that run by then are finished. */
export interface SearchLimits {
  /** Most trials, those of earlier calls included. @default 40; none with a grid */
  readonly trials?: number;
  /** Seconds of this call after which no trial begins or continues. @default no limit */
  readonly seconds?: number;
}

/** Checked options of {@link searchSettings}. */
export interface SearchOptions {
  /** Name of the study, unique in its journal. */
  readonly name: string;
  /** Path of Optuna's journal. */
  readonly journal: string;
  readonly space: SearchSpace;
  readonly sampler: SamplerOptions;
  readonly pruner: PrunerOptions;
  /** Name of the number that jobs report in `values`, and in their summary. */
  readonly metric: string;
  readonly direction: "maximize" | "minimize";
  /** Seeds of a trial's repetitions: its value is the mean. The pruner looks at the first. */
  readonly seeds: readonly number[];
  /** Seed of the sampler. */
  readonly seed: number;
  readonly limits: SearchLimits;
  readonly driver: JobDriver;
  /** Most trials at the same time. */
  readonly workers: number;
  /** The job of a trial with one seed. The same arguments give the same document. */
  readonly document: (trial: {
    readonly number: number;
    readonly settings: Settings;
    readonly seed: number;
  }) => JobDocument;
  /** Everything that decides the trials, for {@link resume}. */
  readonly plan: string;
  /** Whether to go on with a search of the same name. */
  readonly resume: boolean;
  readonly signal?: AbortSignal;
}
