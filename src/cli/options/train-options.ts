import { METRIC_NAMES, type TrainOptions } from "../../training/options/train-options";
import { TRAIN_OPTION_TABLE, trainDefaultText, type TrainOptionName } from "../../training/options/train-option-table";
import { choice, either, integer, list, number, path, toggle, type OptionKind } from "./option-kinds";
import type { OptionSpec } from "./option-table";

const { lrSchedulerType, trainSamplingStrategy, reportTo, maxTokensPerPass, loggingSteps } = TRAIN_OPTION_TABLE;

/** The kind and the default of a numeric option, from the library. */
function numeric(name: NumericName, metavar = "n"): { kind: OptionKind<number>; default: string | undefined } {
  const kind = TRAIN_OPTION_TABLE[name].kind === "number" ? number(metavar) : integer();
  return { kind, default: plainDefault(name) };
}

type NumericName = {
  [Name in TrainOptionName]: (typeof TRAIN_OPTION_TABLE)[Name]["kind"] extends "number" | "whole number" ? Name : never;
}[TrainOptionName];

/** A default as the help shows it, without quotes. */
function plainDefault(name: TrainOptionName): string | undefined {
  return trainDefaultText(name)?.replaceAll('"', "");
}

/** Keys of `TrainOptions` that are not flags, with the reasons. */
export const NOT_TRAIN_FLAGS = {
  train: "the texts to train on: --data without the parts for --validation and --test",
  validation: "--validation gives a share or a file",
  outputDir: "--output-dir is an option of the command: adapter, results and checkpoints are written there",
  signal: "the command line handles Ctrl-C",
} as const;

/** The keys of transformers' `TrainingArguments` that `train` has. */
export const TRAIN_OPTIONS = {
  numTrainEpochs: {
    ...numeric("numTrainEpochs"),
    help: "number of passes over the training texts; may be a fraction",
  },
  maxSteps: { ...numeric("maxSteps"), help: "optimizer steps, instead of epochs" },
  learningRate: {
    ...numeric("learningRate", "rate"),
    help: "the highest learning rate",
  },
  loraplusLrRatio: {
    ...numeric("loraplusLrRatio", "ratio"),
    help: "LoRA+: learning rate of the adapter's B and of vectors, as a multiple of --learning-rate",
  },
  layerwiseLrDecay: {
    ...numeric("layerwiseLrDecay", "share"),
    help: "each layer's learning rate, as a share of the next layer's; the head has the full rate",
  },
  lrSchedulerType: {
    kind: choice(lrSchedulerType.values, "name"),
    help: `the rate after the warm-up: ${lrSchedulerType.values.join(", ")}`,
    default: plainDefault("lrSchedulerType"),
  },
  warmupSteps: {
    ...numeric("warmupSteps"),
    help: "warm-up steps, in which the rate rises from 0, instead of --warmup-ratio; below 1, a share of all steps",
  },
  warmupRatio: {
    ...numeric("warmupRatio", "share"),
    help: "share of the steps for the warm-up, in which the rate rises from 0",
  },
  perDeviceTrainBatchSize: {
    ...numeric("perDeviceTrainBatchSize"),
    help: "texts per micro-batch",
  },
  gradientAccumulationSteps: {
    ...numeric("gradientAccumulationSteps"),
    help: "micro-batches per optimizer step",
  },
  weightDecay: {
    ...numeric("weightDecay", "rate"),
    help: "AdamW's decoupled weight decay; none for biases and layer norms",
  },
  maxGradNorm: {
    ...numeric("maxGradNorm", "norm"),
    help: "maximum norm of the gradient, for clipping; 0 for none",
  },
  classWeights: {
    kind: {
      ...either(choice(["balanced"]), list(number("weight"), "weights"), `"balanced" or a list of numbers`),
      metavar: "weights",
    },
    help: "weights of the classes in the loss: balanced, or a number for each class, separated by commas",
  },
  labelSmoothing: {
    ...numeric("labelSmoothing", "share"),
    help: "label smoothing: share of the target that is spread over all classes",
  },
  focalGamma: {
    ...numeric("focalGamma", "gamma"),
    help: "focal loss: less weight for texts that are predicted well; 0 is the cross entropy",
  },
  trainSamplingStrategy: {
    kind: choice(trainSamplingStrategy.values, "order"),
    help: `order of the texts in each epoch: ${trainSamplingStrategy.values.join(", ")}`,
    default: plainDefault("trainSamplingStrategy"),
  },
  groupByLength: { kind: toggle(), help: "the same as --train-sampling-strategy group_by_length" },
  evalSteps: {
    ...numeric("evalSteps"),
    help: "steps between evaluations; below 1, a share of all steps",
  },
  saveSteps: {
    kind: number("n"),
    help: "steps between checkpoints; below 1, a share of all steps",
    default: "as --eval-steps",
  },
  metricForBestModel: {
    kind: choice([...METRIC_NAMES, ...METRIC_NAMES.map((name) => `eval_${name}` as const)], "metric"),
    help: `metric that chooses the best weights: ${METRIC_NAMES.join(", ")}`,
    default: plainDefault("metricForBestModel"),
  },
  greaterIsBetter: {
    kind: toggle(),
    help: "a higher metric is better",
    off: "a lower metric is better (default: only for the loss)",
    default: "on",
  },
  loadBestModelAtEnd: {
    kind: toggle(),
    help: "restore the best weights at the end",
    off: "keep the last weights, not the best ones",
    default: "on",
  },
  earlyStoppingPatience: {
    ...numeric("earlyStoppingPatience"),
    help: "stop after this many evaluations in a row without improvement",
  },
  earlyStoppingThreshold: {
    ...numeric("earlyStoppingThreshold"),
    help: "smallest change of the metric that counts as an improvement",
  },
  saveTotalLimit: {
    ...numeric("saveTotalLimit"),
    help: "number of checkpoints to keep, in addition to the best one",
  },
  resumeFrom: {
    kind: path("checkpoint"),
    help: "resume from a checkpoint's folder, or from last: the newest complete checkpoint in --output-dir",
  },
  reportTo: {
    kind: choice(reportTo.values, "target"),
    help: "none, tensorboard (also writes event files), or mlflow (also logs to the server of MLFLOW_TRACKING_URI)",
    default: plainDefault("reportTo"),
  },
  seed: {
    ...numeric("seed"),
    help: "seed for the new head, the adapter, shuffling and dropout",
  },
  maxTokensPerPass: {
    ...numeric("maxTokensPerPass"),
    help: `tokens in one pass, which limits the memory; ${maxTokensPerPass.default.gpu} on a GPU unless given`,
    default: String(maxTokensPerPass.default.cpu),
  },
  bf16: {
    kind: toggle(),
    help: "multiply by the layers' own weights in bfloat16: faster, less precise; needs AVX512-BF16, AMX or a GPU",
  },
  loggingSteps: {
    kind: integer(1),
    help: `steps between reads of the losses, since each read makes a GPU wait; ${loggingSteps.default.gpu} on a GPU unless given`,
    default: String(loggingSteps.default.cpu),
  },
  frozenPrefixDropout: {
    kind: toggle(),
    help: "dropout in frozen layers below the first trained one",
    off: "no dropout in frozen layers below the first trained one (see --layers-to-transform)",
    default: "on",
  },
  frozenPrefixCache: {
    kind: toggle(),
    help: "compute the frozen layers below the first trained one once, and keep the results on disk for all epochs and runs; by itself where that changes no number",
  },
  frozenPrefixCacheDir: {
    kind: path("path"),
    help: "folder of these results; .tslora/cache/frozen-prefix unless given",
  },
  frozenPrefixCacheLimit: {
    ...numeric("frozenPrefixCacheLimit", "gb"),
    help: "most gigabytes of these results; the least recently used are deleted first",
  },
} as const satisfies Record<Exclude<keyof TrainOptions, keyof typeof NOT_TRAIN_FLAGS>, OptionSpec<unknown>>;
