import { choice, integer, number, toggle } from "./option-kinds";

/** transformers' `TrainingArguments` as `train` knows them, key by key; the output folder is among {@link RUN_OPTIONS}. */
export const TRAIN_OPTIONS = {
  numTrainEpochs: { kind: number("n"), help: "passes over the training texts; may be a fraction", default: "3" },
  maxSteps: { kind: integer(), help: "optimizer steps, in the place of epochs" },
  learningRate: { kind: number("rate"), help: "the highest learning rate", default: "1e-3 with an adapter, 2e-5 for all weights" },
  lrSchedulerType: { kind: choice(["linear", "constant"]), help: "how the rate goes on after the warm-up", default: "linear" },
  warmupRatio: { kind: number("share"), help: "share of the steps in which the rate rises from 0", default: "0.1 with an adapter, 0 for all weights" },
  perDeviceTrainBatchSize: { kind: integer(), help: "texts a step", default: "16" },
  weightDecay: { kind: number("rate"), help: "AdamW's decoupled decay; biases and norms have none", default: "0.01" },
  maxGradNorm: { kind: number("norm"), help: "bound of the gradient's norm; 0 for none", default: "1" },
  groupByLength: { kind: toggle(), help: "make batches of texts of like length" },
  evalSteps: { kind: number("n"), help: "evaluate and save every so many steps; below 1, a share of all steps", default: "0.2" },
  metricForBestModel: { kind: choice(["accuracy", "loss"], "metric"), help: "what the best checkpoint is chosen by: accuracy or loss", default: "accuracy" },
  loadBestModelAtEnd: { kind: toggle(), help: "put the best weights back at the end", default: "on" },
  saveTotalLimit: { kind: integer(), help: "checkpoints that are kept, the best one besides", default: "2" },
  seed: { kind: integer(), help: "draws the new head and adapter, shuffles and dropout", default: "42" },
  maxTokensPerPass: { kind: integer(), help: "tokens in one pass: bounds the memory, changes no result", default: "2048" },
} as const;

/** Keys of `TrainOptions` that are no flags, and why. */
export const NOT_FLAGS = {
  train: "the texts to train on: --data, less what --validation and --test take",
  validation: "made of --validation, which names a share or a file",
  outputDir: "--output-dir is the command's own: adapter, results and checkpoints all go there",
  signal: "Ctrl-C is the command line's",
} as const;
