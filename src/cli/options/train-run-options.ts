import { TRAINING_METHODS } from "../../classifier/training-method";
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
    help: "allow a folder that holds files; files of the same name are overwritten",
  },
  method: {
    kind: choice(TRAINING_METHODS),
    help: "train a LoRA adapter, the head alone, or all weights",
    default: "lora",
  },
  evaluateBefore: { kind: toggle(), help: "also evaluate on the test texts before training" },
  findLearningRate: {
    kind: toggle(),
    help: "do not train: test rising learning rates, suggest one, and write learning_rate.json and .svg; --max-steps gives the number of steps, 100 by default",
  },
  baseline: {
    kind: toggle(),
    help: "also evaluate TF-IDF with logistic regression on the same texts, for each label if a text may have several",
  },
} as const;

/** The model that `tslora train` starts from. */
export const TRAIN_MODEL_OPTIONS = {
  model: { ...model, default: "auto" },
  labels,
  newHead: {
    kind: toggle(),
    help: "replace the model's head by a new one for the data's labels (transformers' ignore_mismatched_sizes)",
  },
  maxLength,
  ...DEVICE_OPTIONS,
} as const;
