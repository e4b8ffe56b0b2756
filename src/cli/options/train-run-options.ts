import { choice, path, toggle } from "./option-kinds";
import { DEVICE_OPTIONS, MODEL_OPTIONS } from "./shared-options";

const { model, labels, maxLength } = MODEL_OPTIONS;

/** Options of the command itself. */
export const RUN_OPTIONS = {
  outputDir: {
    kind: path("folder"),
    short: "o",
    help: "folder for adapter or model, checkpoints, log and results",
    default: "output/train in the clone",
  },
  overwriteOutputDir: {
    kind: toggle(),
    help: "take a folder that holds files already; those of the same name are written over",
  },
  method: { kind: choice(["lora", "full"]), help: "train a LoRA adapter, or all weights", default: "lora" },
  evaluateBefore: { kind: toggle(), help: "score the test texts before training too" },
  baseline: { kind: toggle(), help: "score TF-IDF with logistic regression on the same texts too" },
} as const;

/** The model that `tslora train` begins with. */
export const TRAIN_MODEL_OPTIONS = {
  model: { ...model, default: "auto" },
  labels,
  newHead: {
    kind: toggle(),
    help: "train a new head for the data's labels, whatever head the model has (transformers' ignore_mismatched_sizes)",
  },
  maxLength,
  ...DEVICE_OPTIONS,
} as const;
