import { METRIC_NAMES, type TrainOptions } from "../../training/train-options";
import { TRAIN_OPTION_TABLE, trainDefaultText, type TrainOptionName } from "../../training/train-option-table";
import { choice, either, integer, list, number, path, toggle, type OptionKind } from "./option-kinds";
import type { OptionSpec } from "./option-table";

const { lrSchedulerType, trainSamplingStrategy, reportTo, maxTokensPerPass, loggingSteps } = TRAIN_OPTION_TABLE;

/** The kind and the default of a numeric option, as the library has them. */
function numeric(name: NumericName, metavar = "n"): { kind: OptionKind<number>; default: string | undefined } {
  const kind = TRAIN_OPTION_TABLE[name].kind === "number" ? number(metavar) : integer();
  return { kind, default: plainDefault(name) };
}

type NumericName = {
  [Name in TrainOptionName]: (typeof TRAIN_OPTION_TABLE)[Name]["kind"] extends "number" | "whole number" ? Name : never;
}[TrainOptionName];

/** A default as the documentation writes it, without its quotes. */
function plainDefault(name: TrainOptionName): string | undefined {
  return trainDefaultText(name)?.replaceAll('"', "");
}

/** Keys of `TrainOptions` that are no flags, and why. */
export const NOT_TRAIN_FLAGS = {
  train: "the texts to train on: --data, less what --validation and --test take",
  validation: "made of --validation, which names a share or a file",
  outputDir: "--output-dir is the command's own: adapter, results and checkpoints all go there",
  signal: "Ctrl-C is the command line's",
} as const;

/** transformers' `TrainingArguments` as `train` knows them, key by key. */
export const TRAIN_OPTIONS = {
  numTrainEpochs: {
    ...numeric("numTrainEpochs"),
    help: "passes over the training texts; may be a fraction",
  },
  maxSteps: { ...numeric("maxSteps"), help: "optimizer steps, instead of epochs" },
  learningRate: {
    ...numeric("learningRate", "rate"),
    help: "the highest learning rate",
  },
  lrSchedulerType: {
    kind: choice(lrSchedulerType.values, "name"),
    help: `the rate after the warm-up: ${lrSchedulerType.values.join(", ")}`,
    default: plainDefault("lrSchedulerType"),
  },
  warmupSteps: {
    ...numeric("warmupSteps"),
    help: "steps in which the rate rises from 0, instead of --warmup-ratio; below 1, a share of all steps",
  },
  warmupRatio: {
    ...numeric("warmupRatio", "share"),
    help: "share of the steps in which the rate rises from 0",
  },
  perDeviceTrainBatchSize: {
    ...numeric("perDeviceTrainBatchSize"),
    help: "texts a micro-batch",
  },
  gradientAccumulationSteps: {
    ...numeric("gradientAccumulationSteps"),
    help: "micro-batches an optimizer step",
  },
  weightDecay: {
    ...numeric("weightDecay", "rate"),
    help: "AdamW's decoupled decay; biases and norms have none",
  },
  maxGradNorm: {
    ...numeric("maxGradNorm", "norm"),
    help: "bound of the gradient's norm; 0 for none",
  },
  classWeights: {
    kind: {
      ...either(choice(["balanced"]), list(number("weight"), "weights"), `"balanced" or a list of numbers`),
      metavar: "weights",
    },
    help: "weights of the classes in the loss: balanced, or a number for each, separated by commas",
  },
  labelSmoothing: {
    ...numeric("labelSmoothing", "share"),
    help: "share of the target that is spread over all classes",
  },
  focalGamma: {
    ...numeric("focalGamma", "gamma"),
    help: "focal loss: less weight to what is predicted well; 0 is the cross entropy",
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
    help: `what the best weights are chosen by: ${METRIC_NAMES.join(", ")}`,
    default: plainDefault("metricForBestModel"),
  },
  greaterIsBetter: {
    kind: toggle(),
    help: "more of the metric is better",
    off: "less of the metric is better (default: of the loss alone)",
    default: "on",
  },
  loadBestModelAtEnd: {
    kind: toggle(),
    help: "put the best weights back at the end",
    off: "keep the last weights, not the best ones",
    default: "on",
  },
  earlyStoppingPatience: {
    ...numeric("earlyStoppingPatience"),
    help: "evaluations in a row without improvement after which the run stops",
  },
  earlyStoppingThreshold: {
    ...numeric("earlyStoppingThreshold"),
    help: "how much better an evaluation must be to count as an improvement",
  },
  saveTotalLimit: {
    ...numeric("saveTotalLimit"),
    help: "checkpoints that are kept, the best one besides",
  },
  resumeFrom: {
    kind: path("checkpoint"),
    help: "resume from a checkpoint's folder, or from last, the newest whole one in --output-dir",
  },
  reportTo: {
    kind: choice(reportTo.values),
    help: "write TensorBoard's event files besides the log",
    default: plainDefault("reportTo"),
  },
  seed: {
    ...numeric("seed"),
    help: "draws the new head and adapter, shuffles and dropout",
  },
  maxTokensPerPass: {
    ...numeric("maxTokensPerPass"),
    help: `tokens in one pass: bounds the memory; ${maxTokensPerPass.default.gpu} on a GPU unless given`,
    default: String(maxTokensPerPass.default.cpu),
  },
  bf16: { kind: toggle(), help: "multiply by the layers' own weights in bfloat16: faster, with less precision" },
  loggingSteps: {
    kind: integer(1),
    help: `steps whose losses are read together, since reading makes a GPU wait; ${loggingSteps.default.gpu} on a GPU unless given`,
    default: String(loggingSteps.default.cpu),
  },
} as const satisfies Record<Exclude<keyof TrainOptions, keyof typeof NOT_TRAIN_FLAGS>, OptionSpec<unknown>>;
