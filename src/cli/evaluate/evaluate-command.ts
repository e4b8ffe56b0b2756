import { EVALUATE_OPTIONS } from "../options/evaluate-options";
import { DATA_OPTIONS, GENERAL_OPTIONS, MODEL_OPTIONS, PRECISION_OPTIONS } from "../options/shared-options";
import type { LibraryCommand } from "../library-command";

export const evaluateCommand: LibraryCommand = {
  name: "evaluate",
  description: "Score a classifier on labelled texts: scikit-learn's report, intervals, confusion matrix",
  groups: [
    { title: "Model", options: { ...MODEL_OPTIONS, ...PRECISION_OPTIONS } },
    { title: "Data", options: DATA_OPTIONS },
    { title: "Evaluation", options: EVALUATE_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: "evaluate --adapter output/adapter --data reviews.csv", does: "an adapter on its base model" },
    {
      command: "evaluate --model ./my-bert --data Dataset.zip --threshold 0.4 --average macro",
      does: "a model's folder, with a threshold that was tuned on other data",
    },
    {
      command: "evaluate --adapter output/adapter --data reviews.csv --json | jq .evaluation.accuracy",
      does: "for a program",
    },
  ],
  run: async (call) => (await import("./run-evaluate.js")).runEvaluate(call),
};
