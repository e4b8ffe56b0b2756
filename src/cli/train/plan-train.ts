import { existsSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";

import { isLockFile } from "../../base/lock/lock-file";
import { expectUnlocked } from "../../base/lock/lock-output";
import { outputFolder } from "../../base/files/output-folder";
import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import type { TrainingMethod } from "../../classifier/training-method";
import type { ProblemType } from "../../model/encoder-config";
import { FEWEST_POINTS } from "../../training/range-test/learning-rate-options";
import { resolveTrainOptions } from "../../training/options/resolve-train-options";
import { asksForSeveralLabels } from "../inputs/several-labels";
import { flagOf, pick, type OptionValues } from "../options/option-table";
import { LORA_OPTIONS } from "../options/lora-options";
import { DATA_OPTIONS, SPLIT_OPTIONS } from "../options/shared-options";
import { TRAIN_OPTIONS } from "../options/train-options";
import { RUN_OPTIONS, TRAIN_MODEL_OPTIONS } from "../options/train-run-options";

/** The files that a test of learning rates writes. A training may use their folder as its output folder. */
export const RATE_FILES = ["learning_rate.json", "learning_rate.svg"] as const;

/** The options of a training, grouped by the function that takes them. */
export interface TrainPlan {
  readonly outputDir: string;
  readonly method: TrainingMethod;
  readonly problemType: ProblemType;
  readonly evaluateBefore: boolean;
  readonly baseline: boolean;
  /** Whether to test learning rates instead of training. */
  readonly findLearningRate: boolean;
  readonly model: OptionValues<typeof TRAIN_MODEL_OPTIONS>;
  readonly data: OptionValues<typeof DATA_OPTIONS>;
  readonly split: OptionValues<typeof SPLIT_OPTIONS>;
  readonly lora: OptionValues<typeof LORA_OPTIONS>;
  readonly train: OptionValues<typeof TRAIN_OPTIONS>;
}

/**
 * Groups the options and refuses all errors that can be found before model and data are read.
 *
 * @throws TsloraError `bad-option` that lists all problems.
 */
export function planTrain(values: Readonly<Record<string, unknown>>): TrainPlan {
  const {
    method = "lora",
    overwriteOutputDir = false,
    evaluateBefore = false,
    baseline = false,
    findLearningRate = false,
    outputDir = join(outputFolder(), "train"),
  } = pick(values, RUN_OPTIONS);
  const data = pick(values, DATA_OPTIONS);
  const several = asksForSeveralLabels(data);
  const plan: TrainPlan = {
    outputDir: resolve(outputDir),
    method,
    problemType: several ? "multi_label_classification" : "single_label_classification",
    evaluateBefore,
    baseline,
    findLearningRate,
    model: pick(values, TRAIN_MODEL_OPTIONS),
    data,
    split: pick(values, SPLIT_OPTIONS),
    lora: pick(values, LORA_OPTIONS),
    train: pick(values, TRAIN_OPTIONS),
  };
  const problems = new Problems("tslora train");
  const loraKeys = Object.keys(plan.lora);
  problems.expect(
    method === "lora" || loraKeys.length === 0,
    `${loraKeys.map(flagOf).join(", ")}: only for --method lora; the method is ${method}`,
  );
  const { test, validation } = plan.split;
  for (const [name, part] of Object.entries({ validation, test })) {
    problems.expect(
      part?.kind !== "share" || (part.share > 0 && (part.share < 1 || Number.isInteger(part.share))),
      `--${name} must be a share between 0 and 1, a whole number of texts, a path, or none; got ${part?.kind === "share" ? part.share : ""}`,
    );
  }
  const tests = test?.kind !== "none";
  problems.expect(
    tests || (!evaluateBefore && !baseline),
    "--evaluate-before and --baseline need test texts; --test is none",
  );
  const { resumeFrom } = plan.train;
  problems.expect(
    resumeFrom === undefined || !overwriteOutputDir,
    "--resume-from resumes the folder's run, --overwrite-output-dir overwrites it; give one of them",
  );
  if (findLearningRate) checkRangeTest(problems, plan);
  checkFolder(problems, plan.outputDir, { overwriteOutputDir, resumes: resumeFrom !== undefined });
  checkTrainOptions(problems, plan);
  problems.throwIfAny();
  return plan;
}

/** Refuses options that have no effect on a test of learning rates. */
function checkRangeTest(problems: Problems, { evaluateBefore, baseline, train }: TrainPlan): void {
  for (const [flag, given] of Object.entries({ evaluateBefore, baseline, resumeFrom: train.resumeFrom !== undefined }))
    problems.expect(!given, `${flagOf(flag)}: only for training; --find-learning-rate does not train`);
  problems.expect(
    train.maxSteps === undefined || train.maxSteps >= FEWEST_POINTS,
    `--max-steps must be at least ${FEWEST_POINTS} with --find-learning-rate; got ${train.maxSteps ?? ""}`,
  );
}

function checkFolder(
  problems: Problems,
  folder: string,
  { overwriteOutputDir, resumes }: { overwriteOutputDir: boolean; resumes: boolean },
): void {
  if (!existsSync(folder)) return;
  expectUnlocked(folder);
  let holds: string[];
  try {
    holds = readdirSync(folder).filter((name) => !isLockFile(name) && !RATE_FILES.some((file) => file === name));
  } catch (error) {
    problems.expect(
      false,
      `--output-dir must be a folder; ${folder} cannot be read (${error instanceof Error ? error.message : String(error)})`,
    );
    return;
  }
  problems.expect(
    holds.length === 0 || overwriteOutputDir || resumes,
    `--output-dir: ${folder} holds files already (${holds.slice(0, 3).join(", ")}${holds.length > 3 ? ", ..." : ""}). Give another folder, --resume-from last to resume that run, or --overwrite-output-dir`,
  );
}

/** Adds the problems that the library finds in the values without data. */
function checkTrainOptions(
  problems: Problems,
  { method, problemType, train, model, split, outputDir }: TrainPlan,
): void {
  const weights = Array.isArray(train.classWeights) ? train.classWeights.length : 2;
  const validation = split.validation?.kind === "none" ? {} : { validation: [] };
  try {
    resolveTrainOptions(
      { ...train, ...validation, outputDir, train: [] },
      { method, problemType, numLabels: model.labels?.length ?? weights },
    );
  } catch (error) {
    if (!(error instanceof TsloraError) || !Array.isArray(error.details.problems)) throw error;
    for (const problem of error.details.problems as readonly string[]) problems.expect(false, problem);
  }
}
