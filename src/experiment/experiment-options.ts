import type { DeviceOptions } from "../device/device";
import type { LabelledTexts } from "../evaluation/labelled-texts";
import type { ResolvedModel } from "../hub/resolve-model";
import type { Method } from "./method";

/** The fixed split: every method once for each seed. */
export interface HoldoutOptions {
  readonly train: LabelledTexts;
  /** Chooses the best step of a training. */
  readonly validation: LabelledTexts;
  readonly test: LabelledTexts;
  /** Seeds of head, adapter, shuffles and dropout. @default [42] */
  readonly seeds?: readonly number[];
}

/** Repeated stratified cross-validation, as scikit-learn's `RepeatedStratifiedKFold`: every method once for each fold. */
export interface FoldOptions {
  readonly data: LabelledTexts;
  /** @default 2 */
  readonly nSplits?: number;
  /** @default 5 */
  readonly nRepeats?: number;
  /** Seed of the folds; a run's seed is this and its repeat. @default 42 */
  readonly randomState?: number;
  /** The share of a fold's training part that chooses the best step. @default 0.25 */
  readonly validationSize?: number;
}

/** Learning curves: training texts drawn from the holdout's, stratified, anew for each seed. */
export interface CurveOptions {
  /** Numbers of training texts, ascending. */
  readonly trainSizes: readonly number[];
  /** @default all methods of the experiment but those without training */
  readonly methods?: readonly Method[];
  /** @default the holdout's */
  readonly seeds?: readonly number[];
}

/** Options of `runExperiment`. */
export interface ExperimentOptions extends DeviceOptions {
  /** "auto", "embedded", a folder, a name on the Hub, or what `resolveModel` found. */
  readonly model: string | ResolvedModel;
  /** Names of the classes, in the order of their numbers. */
  readonly labels: readonly string[];
  /** Their names differ. */
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
