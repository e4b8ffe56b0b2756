import { DEFAULT_SEED } from "../../base/default-seed";
import {
  LR_SCHEDULER_TYPES,
  METRIC_NAMES,
  MULTI_LABEL_METRICS,
  REPORT_TARGETS,
  SAMPLING_STRATEGIES,
  type TrainOptions,
} from "./train-options";

/** The default of an option, and what it depends on. */
export type OptionDefault<T> =
  | { readonly by: "nothing"; readonly value: T }
  /** `also` names a further case in which `full` is the default. */
  | { readonly by: "method"; readonly lora: T; readonly full: T; readonly also?: string }
  | { readonly by: "device"; readonly cpu: T; readonly gpu: T }
  | { readonly by: "labels"; readonly one: T; readonly several: T }
  /** The default depends on other options; `resolveTrainOptions` computes it. */
  | { readonly by: "options"; readonly words: string };

/** The values that an option can have. */
export type OptionValues =
  | {
      readonly kind: "number" | "whole number";
      readonly range: string;
      readonly holds: (value: number) => boolean;
    }
  | {
      readonly kind: "choice";
      readonly values: readonly string[];
      /** The values if a text can have several labels. */
      readonly several?: readonly string[];
    }
  | { readonly kind: "switch" }
  | { readonly kind: "path" }
  | { readonly kind: "class weights" };

/** The values of an option, and its default. Some options have no default. */
export type OptionRow<T> = OptionValues & { readonly default?: OptionDefault<T> };

const ABOVE_0 = { kind: "number", range: "a number above 0", holds: (x: number) => x > 0 } as const;
const FROM_0 = { kind: "number", range: "a number of at least 0", holds: (x: number) => x >= 0 } as const;
const COUNT = { kind: "whole number", range: "a whole number above 0", holds: (x: number) => x > 0 } as const;
const EVERY = {
  kind: "number",
  range: "a whole number of steps, or a share of them between 0 and 1",
  holds: (x: number) => x > 0 && (x < 1 || Number.isInteger(x)),
} as const;

/**
 * Checks and defaults of every option of `train` that is a plain value, in the order of checkpoints.
 * `resolveTrainOptions` and the command line use this table, and a test compares the documentation with it.
 */
export const TRAIN_OPTION_TABLE = {
  numTrainEpochs: { ...ABOVE_0, default: { by: "nothing", value: 3 } },
  maxSteps: COUNT,
  learningRate: { ...ABOVE_0, default: { by: "method", lora: 1e-3, full: 2e-5 } },
  loraplusLrRatio: ABOVE_0,
  layerwiseLrDecay: { kind: "number", range: "a number above 0, at most 1", holds: (x) => x > 0 && x <= 1 },
  lrSchedulerType: { kind: "choice", values: LR_SCHEDULER_TYPES, default: { by: "nothing", value: "linear" } },
  warmupSteps: {
    kind: "number",
    range: "a whole number of steps, or a share of them below 1",
    holds: (x) => x >= 0 && (x < 1 || Number.isInteger(x)),
  },
  warmupRatio: {
    kind: "number",
    range: "a number from 0 to 1",
    holds: (x) => x >= 0 && x <= 1,
    default: { by: "method", lora: 0.1, full: 0, also: 'for "constant"' },
  },
  perDeviceTrainBatchSize: { ...COUNT, default: { by: "nothing", value: 16 } },
  gradientAccumulationSteps: { ...COUNT, default: { by: "nothing", value: 1 } },
  weightDecay: { ...FROM_0, default: { by: "nothing", value: 0.01 } },
  maxGradNorm: { ...FROM_0, default: { by: "nothing", value: 1 } },
  classWeights: { kind: "class weights" },
  labelSmoothing: {
    kind: "number",
    range: "a number from 0 to below 1",
    holds: (x) => x >= 0 && x < 1,
    default: { by: "nothing", value: 0 },
  },
  focalGamma: { ...FROM_0, default: { by: "nothing", value: 0 } },
  trainSamplingStrategy: { kind: "choice", values: SAMPLING_STRATEGIES, default: { by: "nothing", value: "random" } },
  groupByLength: { kind: "switch", default: { by: "options", words: "given by `trainSamplingStrategy`" } },
  evalSteps: { ...EVERY, default: { by: "nothing", value: 0.2 } },
  saveSteps: { ...EVERY, default: { by: "options", words: "evalSteps" } },
  metricForBestModel: {
    kind: "choice",
    values: METRIC_NAMES,
    several: MULTI_LABEL_METRICS,
    default: { by: "labels", one: "accuracy", several: "f1" },
  },
  greaterIsBetter: { kind: "switch", default: { by: "options", words: "true, except for the loss" } },
  loadBestModelAtEnd: { kind: "switch", default: { by: "options", words: "true where there is a validation set" } },
  earlyStoppingPatience: COUNT,
  earlyStoppingThreshold: { ...FROM_0, default: { by: "nothing", value: 0 } },
  outputDir: { kind: "path" },
  saveTotalLimit: { ...COUNT, default: { by: "nothing", value: 2 } },
  resumeFrom: { kind: "path" },
  reportTo: { kind: "choice", values: REPORT_TARGETS, default: { by: "nothing", value: "none" } },
  seed: {
    kind: "whole number",
    range: "a whole number",
    holds: () => true,
    default: { by: "nothing", value: DEFAULT_SEED },
  },
  maxTokensPerPass: { ...COUNT, default: { by: "device", cpu: 2048, gpu: 8192 } },
  bf16: { kind: "switch", default: { by: "nothing", value: false } },
  loggingSteps: { ...COUNT, default: { by: "device", cpu: 1, gpu: 10 } },
  frozenPrefixDropout: { kind: "switch", default: { by: "nothing", value: true } },
  frozenPrefixCache: { kind: "switch", default: { by: "options", words: "true where it changes no number" } },
  frozenPrefixCacheDir: { kind: "path" },
  frozenPrefixCacheLimit: { ...ABOVE_0, default: { by: "nothing", value: 10 } },
} as const satisfies { readonly [Name in Valued]: OptionRow<NonNullable<TrainOptions[Name]>> };

type Valued = Exclude<keyof TrainOptions, "train" | "validation" | "signal">;

/** An option of `train` that is a plain value. */
export type TrainOptionName = keyof typeof TRAIN_OPTION_TABLE;

/** The options of {@link TRAIN_OPTION_TABLE}, in its order. */
export const TRAIN_OPTION_NAMES = Object.keys(TRAIN_OPTION_TABLE) as readonly TrainOptionName[];

/** An option's default as its documentation writes it; undefined if it has none. */
export function trainDefaultText(name: TrainOptionName): string | undefined {
  const row: OptionRow<unknown> = TRAIN_OPTION_TABLE[name];
  switch (row.default?.by) {
    case undefined:
      return undefined;
    case "nothing":
      return valueText(row.default.value);
    case "method": {
      const { lora, full, also } = row.default;
      const more = also === undefined ? "" : ` and ${also}`;
      return `${valueText(lora)} with an adapter or for the head alone, ${valueText(full)} for all weights${more}`;
    }
    case "device":
      return `${valueText(row.default.cpu)} on the processor, ${valueText(row.default.gpu)} on a GPU`;
    case "labels":
      return `${valueText(row.default.one)}; ${valueText(row.default.several)} where a text has several labels`;
    case "options":
      return row.default.words;
  }
}

/** A value in TypeScript's notation; small numbers as 1e-3. */
function valueText(value: unknown): string {
  return typeof value === "number" && value > 0 && value < 0.01 ? value.toExponential() : JSON.stringify(value);
}
