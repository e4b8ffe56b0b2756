import type { TrainingMethod } from "../../../classifier/training-method";
import type { DeviceOption } from "../../../device/device";
import type { ResolvedModel } from "../../../hub/resolved-model";
import type { LoraConfig } from "../../../lora/lora-config";
import type { ProblemType } from "../../../model/encoder-config";
import type { MetricName, TrainingData, TrainOptions } from "../../../training/options/train-options";
import type { JobDriver } from "../../drivers/job-driver";
import type { PrunerOptions } from "../pruner/pruner-options";
import type { SamplerOptions } from "../samplers/sampler";
import type { SearchSpace } from "../space/search-space";
import type { SearchLimits } from "./search-options";

/** Options of {@link sweep}. */
export interface SweepOptions {
  /**
   * Name of the sweep: letters, digits, `-`, `_` and `.`. It is the study's name in Optuna's journal.
   * @default "sweep"
   */
  readonly name?: string;
  /** "auto", "embedded", a folder, a name on the Hub, or what `resolveModel` found. */
  readonly model: string | ResolvedModel;
  /** Names of the classes, in the order of their numbers. */
  readonly labels: readonly string[];
  /** @default "single_label_classification" */
  readonly problemType?: ProblemType;
  /** @default "auto" */
  readonly device?: DeviceOption;
  /** Most tokens of a text. @default that of `loadClassifier` */
  readonly maxLength?: number;
  readonly train: TrainingData;
  /** Their metric decides. */
  readonly validation: TrainingData;
  /** Scored for the winner alone. */
  readonly test?: TrainingData;
  /** The weights that are trained. @default "lora" */
  readonly method?: TrainingMethod;
  /** Options of `addAdapter` that all trials share. */
  readonly adapter?: LoraConfig;
  /** Options of `train` that all trials share. */
  readonly training?: Omit<TrainOptions, TrialOption>;
  /**
   * The settings to search: options of `addAdapter` and of `train`, by name. A setting replaces the shared option of
   * its name.
   */
  readonly space: SearchSpace;
  /** @default TPE */
  readonly sampler?: SamplerOptions;
  /** @default none */
  readonly pruner?: PrunerOptions;
  /** A metric of the validation texts. A trial's value is that of its best evaluation. @default "accuracy" */
  readonly metric?: MetricName;
  /** @default "maximize", for the loss "minimize" */
  readonly direction?: "maximize" | "minimize";
  /** Each trial runs with each of these seeds; its value is the mean. The pruner looks at the first. @default [42] */
  readonly seeds?: readonly number[];
  /** Seed of the sampler. @default 42 */
  readonly seed?: number;
  readonly limits?: SearchLimits;
  /** Number of new seeds with which the winner is trained again; 0 leaves that out. @default 5 */
  readonly winnerSeeds?: number;
  /**
   * Folder of the journal, the report and the winner's weights. @default the sweep's name in `sweeps` in the output
   * folder
   */
  readonly outputDir?: string;
  /**
   * Folder of the jobs, or `s3://BUCKET/PREFIX`. With workers on several machines, one that all of them share; several
   * sweeps may use it.
   * @default "store" in `outputDir`
   */
  readonly store?: string;
  /**
   * Whether to go on with the sweep in `outputDir`. Limits and workers may change. "auto" goes on with the sweep of
   * this name whose settings, data and model are the same; if there is none, it starts one, under a name and folder
   * with a number where these are taken.
   * @default false
   */
  readonly resume?: boolean | "auto";
  /** Most trials at the same time. @default as many as the driver can run */
  readonly workers?: number;
  /**
   * Opens the driver that runs the jobs. The sweep closes it.
   *
   * @param store - the folder of the jobs
   * @default child processes on this machine
   */
  readonly driver?: (store: string) => JobDriver | Promise<JobDriver>;
  /**
   * "mlflow" also logs to the server of MLFLOW_TRACKING_URI: a run, with a nested run for each trial. @default "none"
   */
  readonly reportTo?: "none" | "mlflow";
  /** Stops the sweep, with checkpoints. `resume` goes on. @default in a notebook, an interrupt of the cell */
  readonly signal?: AbortSignal;
}

/** Options of `train` that a sweep sets itself. */
export type TrialOption =
  | "train"
  | "validation"
  | "outputDir"
  | "resumeFrom"
  | "reportTo"
  | "seed"
  | "signal"
  | "metricForBestModel"
  | "greaterIsBetter"
  | "loadBestModelAtEnd"
  | "frozenPrefixCacheDir";

/** The names of {@link TrialOption}. */
export const TRIAL_OPTIONS: readonly string[] = Object.keys({
  train: true,
  validation: true,
  outputDir: true,
  resumeFrom: true,
  reportTo: true,
  seed: true,
  signal: true,
  metricForBestModel: true,
  greaterIsBetter: true,
  loadBestModelAtEnd: true,
  frozenPrefixCacheDir: true,
} satisfies Record<TrialOption, true>);
