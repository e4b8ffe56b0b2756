import { choice, number, text, toggle, integer } from "./options/option-kinds";
import { DATA_OPTIONS, GENERAL_OPTIONS, MODEL_OPTIONS } from "./options/shared-options";
import type { LibraryCommand } from "./library-command";

export const EVALUATE_OPTIONS = {
  threshold: { kind: number("p"), help: "of two labels: take the second where its probability is at least this", default: "the likelier label" },
  average: { kind: choice(["binary", "micro", "macro", "weighted"], "name"), help: "also print precision, recall and F1 averaged: binary, micro, macro or weighted" },
  confidence: { kind: number("share"), help: "of the intervals", default: "0.95" },
  predictions: { kind: toggle(), help: "with --json and --output: every text's prediction too" },
  output: { kind: text("file"), help: "also write the evaluation as JSON to a file" },
  maxTokensPerPass: { kind: integer(1), help: "tokens in one pass: bounds the memory", default: "4096" },
} as const;

export const evaluateCommand: LibraryCommand = {
  name: "evaluate",
  description: "Score a classifier on labelled texts: scikit-learn's report, intervals, confusion matrix",
  groups: [
    { title: "Model", options: MODEL_OPTIONS },
    { title: "Data", options: DATA_OPTIONS },
    { title: "Evaluation", options: EVALUATE_OPTIONS },
    { title: "General", options: GENERAL_OPTIONS },
  ],
  examples: [
    { command: "evaluate --adapter output/adapter --data reviews.csv", does: "an adapter on the base that it names" },
    { command: "evaluate --model ./my-bert --data Dataset.zip --threshold 0.4 --average macro", does: "a model's folder, with a threshold tuned on other data" },
    { command: "evaluate --adapter output/adapter --data reviews.csv --json | jq .evaluation.accuracy", does: "for a program" },
  ],
  run: async (call) => (await import("./run-evaluate.js")).runEvaluate(call),
};
