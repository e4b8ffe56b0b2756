import { join } from "node:path";

import { lockFile } from "../base/lock/lock-output";
import { outputFolder } from "../base/files/output-folder";
import { readTextFile } from "../base/files/read-text-file";
import { TsloraError } from "../base/tslora-error";
import { writeAtomically } from "../base/files/write-atomically";
import type { TrainingMethod } from "../classifier/training-method";
import type { DataAbout } from "../corpus/describe-data";
import type { Evaluation } from "../evaluation/evaluation";
import type { TrainSummary } from "../training/train-event";
import type { StudyEvidence } from "./evidence/evidence";
import { studyCommand } from "./facts/study-commands";
import type { ReportSection } from "./report-section";

/** Results of a run of the study, as in `results.json`. */
export interface StudyResults {
  /** The model's name. */
  readonly model: string;
  /** The device, and the reason for it. */
  readonly device?: { readonly kind: string; readonly name: string; readonly backend: string; readonly notice: string };
  /** The source of the data. */
  readonly data: string;
  /** Kind of data, from `describeData`; published figures are shown only for "study". */
  readonly about?: DataAbout;
  /** The data's name. */
  readonly dataName?: string;
  /** The labels' names, in their order. */
  readonly labels?: readonly string[];
  readonly seed: number;
  readonly method: TrainingMethod;
  /** The test set's evaluation with the new head, before training. */
  readonly before: Evaluation;
  /** The same after training. */
  readonly after: Evaluation;
  /** The validation set's evaluation after training, which chose the weights. */
  readonly validation: Evaluation;
  /** TF-IDF with logistic regression on the test set. */
  readonly baseline: Evaluation;
  /** The training's summary, which `tslora train` records. @default none, as in results of the study */
  readonly training?: TrainSummary;
  /** Seconds of training. */
  readonly elapsed: number;
  /** Remarks about the choice of the model and of the data, and about their limits. */
  readonly notices: readonly string[];
  /** Caution about results on these data, if there is one. */
  readonly banner?: string;
  /** Facts that `studyEvidence` gathered for the report. @default none, as in results of older versions */
  readonly evidence?: StudyEvidence;
  /** Further sections for the report. @default none */
  readonly sections?: readonly ReportSection[];
}

/** Writes `results.json` into the output folder. Returns its path. */
export async function writeResults(results: StudyResults): Promise<string> {
  const path = join(outputFolder(), "results.json");
  const lock = lockFile(path, { purpose: "saving" });
  try {
    await writeAtomically(path, `${JSON.stringify(results, undefined, 1)}\n`);
  } finally {
    lock.release();
  }
  return path;
}

/**
 * Reads the `results.json` of the last run.
 *
 * @throws TsloraError `not-found` when there is none, with what to run.
 */
export async function readResults(): Promise<StudyResults> {
  const path = join(outputFolder(), "results.json");
  try {
    return JSON.parse(await readTextFile(path)) as StudyResults;
  } catch (error) {
    throw new TsloraError(
      "not-found",
      `The results of 01-study cannot be read from ${path}. Run the notebook 01-study first, or \`${studyCommand()}\`.`,
      { cause: error },
    );
  }
}
