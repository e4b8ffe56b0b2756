import type { DeviceOptions } from "../device/device";
import type { LabelledTexts } from "../evaluation/labelled-texts";
import type { ResolvedModel } from "../hub/resolve-model";
import type { Method } from "./method";

/** The fixed split. Every method runs once for each seed. */
export interface HoldoutOptions {
  readonly train: LabelledTexts;
  /** Chooses the best step of a training. */
  readonly validation: LabelledTexts;
  readonly test: LabelledTexts;
  /** Seeds of head, adapter, shuffles and dropout. @default [42] */
  readonly seeds?: readonly number[];
}

/**
 * Repeated stratified cross-validation, as scikit-learn's `RepeatedStratifiedKFold`. Every method runs once for each
 * fold.
 */
export interface FoldOptions {
  readonly data: LabelledTexts;
  /** @default 2 */
  readonly nSplits?: number;
  /** @default 5 */
  readonly nRepeats?: number;
  /** Seed of the folds. The seed of a run is this number plus the number of its repeat. @default 42 */
  readonly randomState?: number;
  /** The share of a fold's training part that is used for validation: it chooses the best step. @default 0.25 */
  readonly validationSize?: number;
}

/** Learning curves. Training texts are drawn from those of the holdout, stratified, with each seed. */
export interface CurveOptions {
  /** Numbers of training texts, ascending. */
  readonly trainSizes: readonly number[];
  /** @default all methods of the experiment except those without training */
  readonly methods?: readonly Method[];
  /** @default the holdout's */
  readonly seeds?: readonly number[];
}

/** Options of `runExperiment`. */
export interface ExperimentOptions extends DeviceOptions {
  /** "auto", "embedded", a folder, a name on the Hub, or a result of `resolveModel`. */
  readonly model: string | ResolvedModel;
  /** Names of the classes, in the order of their numbers. */
  readonly labels: readonly string[];
  /** The methods to compare. Their names must differ. */
  readonly methods: readonly Method[];
  readonly holdout?: HoldoutOptions;
  readonly folds?: FoldOptions;
  readonly curve?: CurveOptions;
  /** Most tokens of a text. @default 256 */
  readonly maxLength?: number;
  /**
   * Folder of finished runs. A run is used again if code, texts, model, settings, seed and processor are the same.
   * @default "experiment" in the output folder
   */
  readonly cacheDir?: string;
  /** Stops before the next run, or at the next step of a training; finished runs are kept. */
  readonly signal?: AbortSignal;
}

export const DEFAULT_MAX_LENGTH = 256;
