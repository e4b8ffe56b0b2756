/** The steps of the notebooks that have a remark about the published study. */
export type StudyStep =
  | "title"
  | "read"
  | "split"
  | "clean"
  | "tokenize"
  | "load"
  | "baseline"
  | "train"
  | "evaluate"
  | "push"
  | "next"
  | "table"
  | "steps"
  | "rare";

/** Remarks about the published study, for runs on its own data: what it did, and how these notebooks differ. */
export const STUDY_REMARKS: Readonly<Record<StudyStep, string>> = {
  title:
    "**These are the study's data.** A published notebook fine-tuned DistilBERT to tell PubMed abstracts about cancer from others. " +
    "This one goes through it step by step (S1 to S10) and mends what was wrong: it really trains a LoRA adapter, every " +
    "prediction reads its own text, every run has a seed, and every figure has a baseline and an interval beside it.",
  read: "_The study:_ classes Cancer (label 1) and Non-Cancer (label 0); the ID is the PMID. The texts are not quoted here: they are their publishers'.",
  split:
    "_The study:_ the same abstracts are in the same part as there. Departure: the parts are checked for texts that are in two of them.",
  clean:
    "_The study:_ departure: the published patterns for abbreviations (`et al.`, `vol.`) almost never matched; these do.",
  tokenize:
    "_The study:_ departure: texts are cut to the same length in training and in prediction, and no pad token is ever computed.",
  load: '_The study:_ two classes, NEGATIVE (0) and POSITIVE (1). Departure: the seed draws the head, so that "before" can be repeated.',
  baseline: "_The study:_ departure: it had no baseline.",
  train:
    '_The study:_ departures: it trained all weights (`method = "full"` does that), and sent its figures to a logging service.',
  evaluate: "_The study:_ departure: the published `predict` read the first test text for every row.",
  push: "_The study:_ it pushed its model to the Hub.",
  next: "_The study:_ its page named two next steps and took neither: a loss weighted by class, and a threshold of its own. Notebook 03 tries both.",
  table: "_The study:_ every row of the published page's table, its figures and this run's side by side.",
  steps:
    "_The study:_ its page named these two steps and took neither. The positive label is POSITIVE: abstracts about cancer.",
  rare: "_The study:_ here one text in ten, or the share set above, is about cancer.",
};
