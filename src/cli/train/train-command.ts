import { LORA_OPTIONS } from "../options/lora-options";
import { DATA_OPTIONS, GENERAL_OPTIONS, SPLIT_OPTIONS } from "../options/shared-options";
import { TRAIN_OPTIONS } from "../options/train-options";
import { RUN_OPTIONS, TRAIN_MODEL_OPTIONS } from "../options/train-run-options";
import type { LibraryCommand } from "../library-command";

export const trainCommand: LibraryCommand = {
  name: "train",
  description: "Train a classifier on labelled texts: a LoRA adapter in peft's format, or all weights",
  groups: [
    { title: "Run", options: RUN_OPTIONS },
    { title: "Model", options: TRAIN_MODEL_OPTIONS },
    { title: "Data", options: DATA_OPTIONS },
    { title: "Parts of the data", options: SPLIT_OPTIONS },
    { title: "LoRA (peft's LoraConfig)", options: LORA_OPTIONS },
    { title: "Training (transformers' TrainingArguments)", options: TRAIN_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    {
      command: "train --data reviews.csv --output-dir output/reviews",
      does: "LoRA on the columns text and label; a fifth each for validation and test",
    },
    {
      command: "train --data Dataset.zip --r 16 --lora-alpha 32 --target-modules all-linear --learning-rate 5e-4",
      does: "another adapter",
    },
    {
      command: "train --data train.jsonl --validation dev.jsonl --test test.jsonl --class-weights balanced",
      does: "a separate file for each part",
    },
    {
      command: "train --data questions.jsonl --text-column question --text-pair answer",
      does: "pairs of texts",
    },
    {
      command: "train --data comments.csv --label-columns toxic,insult,threat",
      does: "texts with several labels, in columns of 0 and 1",
    },
    {
      command: "train --data reviews.csv --find-learning-rate",
      does: "a table, figure and suggestion of learning rates; nothing is trained",
    },
    { command: "train --config experiment.yaml --seed 7", does: "options from a file; a flag overrides one" },
    {
      command: "train --config output/train/training_args.json --resume-from last",
      does: "resume a run that was stopped",
    },
  ],
  notes:
    "Ctrl-C stops at the next step, with a checkpoint. training_args.json in the output folder holds all options of the run: give it as --config to repeat it.",
  run: async (call) => (await import("./run-train.js")).runTrain(call),
};
