import {
  METRIC_NAMES,
  SAMPLING_STRATEGIES,
  TRAIN_DEFAULTS,
  type LrSchedulerType,
  type TrainOptions,
} from "../../training/train-options";
import { choice, either, integer, list, number, path, toggle } from "./option-kinds";
import type { OptionSpec } from "./option-table";

const SCHEDULERS: readonly LrSchedulerType[] = ["linear", "cosine", "constant", "constant_with_warmup"];

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
    kind: number("n"),
    help: "passes over the training texts; may be a fraction",
    default: String(TRAIN_DEFAULTS.numTrainEpochs),
  },
  maxSteps: { kind: integer(), help: "optimizer steps, in the place of epochs" },
  learningRate: {
    kind: number("rate"),
    help: "the highest learning rate",
    default: "1e-3 with an adapter, 2e-5 for all weights",
  },
  lrSchedulerType: {
    kind: choice(SCHEDULERS, "name"),
    help: `how the rate goes on after the warm-up: ${SCHEDULERS.join(", ")}`,
    default: TRAIN_DEFAULTS.lrSchedulerType,
  },
  warmupSteps: {
    kind: number("n"),
    help: "steps in which the rate rises from 0, in the place of --warmup-ratio; below 1, a share of all steps",
  },
  warmupRatio: {
    kind: number("share"),
    help: "share of the steps in which the rate rises from 0",
    default: "0.1 with an adapter, 0 for all weights and for constant",
  },
  perDeviceTrainBatchSize: {
    kind: integer(),
    help: "texts a micro-batch",
    default: String(TRAIN_DEFAULTS.perDeviceTrainBatchSize),
  },
  gradientAccumulationSteps: {
    kind: integer(),
    help: "micro-batches an optimizer step",
    default: String(TRAIN_DEFAULTS.gradientAccumulationSteps),
  },
  weightDecay: {
    kind: number("rate"),
    help: "AdamW's decoupled decay; biases and norms have none",
    default: String(TRAIN_DEFAULTS.weightDecay),
  },
  maxGradNorm: {
    kind: number("norm"),
    help: "bound of the gradient's norm; 0 for none",
    default: String(TRAIN_DEFAULTS.maxGradNorm),
  },
  classWeights: {
    kind: {
      ...either(choice(["balanced"]), list(number("weight"), "weights"), `"balanced" or a list of numbers`),
      metavar: "weights",
    },
    help: "weights of the classes in the loss: balanced, or a number for each, parted by commas",
  },
  labelSmoothing: {
    kind: number("share"),
    help: "share of the target that is spread over all classes",
    default: String(TRAIN_DEFAULTS.labelSmoothing),
  },
  focalGamma: {
    kind: number("gamma"),
    help: "focal loss: less weight to what is predicted well; 0 is the cross entropy",
    default: String(TRAIN_DEFAULTS.focalGamma),
  },
  trainSamplingStrategy: {
    kind: choice(SAMPLING_STRATEGIES, "order"),
    help: `order of the texts in each epoch: ${SAMPLING_STRATEGIES.join(", ")}`,
    default: TRAIN_DEFAULTS.trainSamplingStrategy,
  },
  groupByLength: { kind: toggle(), help: "the same as --train-sampling-strategy group_by_length" },
  evalSteps: {
    kind: number("n"),
    help: "evaluate every so many steps; below 1, a share of all steps",
    default: String(TRAIN_DEFAULTS.evalSteps),
  },
  saveSteps: {
    kind: number("n"),
    help: "save a checkpoint every so many steps; below 1, a share of all steps",
    default: "as --eval-steps",
  },
  metricForBestModel: {
    kind: choice([...METRIC_NAMES, ...METRIC_NAMES.map((name) => `eval_${name}` as const)], "metric"),
    help: `what the best weights are chosen by: ${METRIC_NAMES.join(", ")}`,
    default: "accuracy; f1 where a text has several labels",
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
  earlyStoppingPatience: { kind: integer(), help: "stop after so many evaluations in a row that did not improve" },
  earlyStoppingThreshold: {
    kind: number("n"),
    help: "how much better an evaluation must be to count as an improvement",
    default: String(TRAIN_DEFAULTS.earlyStoppingThreshold),
  },
  saveTotalLimit: {
    kind: integer(),
    help: "checkpoints that are kept, the best one besides",
    default: String(TRAIN_DEFAULTS.saveTotalLimit),
  },
  resumeFrom: {
    kind: path("checkpoint"),
    help: "go on from a checkpoint's folder, or from last, the newest whole one in --output-dir",
  },
  reportTo: {
    kind: choice(["none", "tensorboard"]),
    help: "write TensorBoard's event files besides the log",
    default: TRAIN_DEFAULTS.reportTo,
  },
  seed: {
    kind: integer(),
    help: "draws the new head and adapter, shuffles and dropout",
    default: String(TRAIN_DEFAULTS.seed),
  },
  maxTokensPerPass: {
    kind: integer(),
    help: "tokens in one pass: bounds the memory; 8192 on a GPU unless given",
    default: "2048",
  },
  bf16: { kind: toggle(), help: "multiply by the layers' own weights in bfloat16: faster, with less precision" },
  loggingSteps: {
    kind: integer(1),
    help: "steps whose losses are read together; a GPU is waited for once in so many, in 10 unless given",
    default: "1",
  },
} as const satisfies Record<Exclude<keyof TrainOptions, keyof typeof NOT_TRAIN_FLAGS>, OptionSpec<unknown>>;
