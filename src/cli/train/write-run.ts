import { resolve, join } from "node:path";

import { writeAtomically } from "../../base/files/write-atomically";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { TrainingMethod } from "../../classifier/training-method";
import type { Corpus } from "../../corpus/corpus";
import type { MultiLabelEvaluation } from "../../evaluation/evaluate-multi-label";
import type { Evaluation } from "../../evaluation/evaluation";
import { deviceOf, type Device } from "../../device/device";
import { saveModelCard } from "../../hub/card/model-card";
import type { ResolvedModel } from "../../hub/resolve-model";
import type { TrainSummary } from "../../training/train-event";
import { TRAINING_ARGS } from "../../classifier/read-run-record";
import { SPLIT_DEFAULTS } from "../options/shared-options";
import { cardOfRun, type CardSource } from "./card-of-run";
import type { LoadedRun } from "./loaded-run";
import type { TrainPlan } from "./plan-train";

/** Results of a run, as in `results.json`: the keys of the study's results that apply, and more. */
export interface TrainResults {
  readonly model: string;
  /** The device, and the reason for it. */
  readonly device: Device | undefined;
  readonly data: string;
  readonly seed: number;
  readonly method: TrainingMethod;
  readonly labels: readonly string[];
  readonly trainableParameters: { readonly trainable: number; readonly all: number };
  /** The evaluations on the test texts: before training, after it, and of the baseline. */
  readonly before?: Evaluation | MultiLabelEvaluation;
  readonly after?: Evaluation | MultiLabelEvaluation;
  readonly baseline?: Evaluation | MultiLabelEvaluation;
  /** The evaluation on the validation texts after training. */
  readonly validation?: Evaluation | MultiLabelEvaluation;
  readonly training: TrainSummary;
  /** Seconds of training. */
  readonly elapsed: number;
  readonly notices: readonly string[];
  readonly banner?: string;
}

/** A run whose weights were evaluated. */
export interface FinishedRun extends CardSource {
  readonly scores: Pick<TrainResults, "before" | "after" | "validation" | "baseline">;
}

/** Names of the model and the data that make a later run use the same ones. */
export function pinned(model: ResolvedModel, { source }: Corpus): { model: string; data: string } {
  const { origin } = model;
  return {
    model: origin.kind === "installed" ? origin.name : origin.kind === "folder" ? model.directory : model.id,
    data: source.kind === "sample" || source.kind === "pubmed" ? source.kind : resolve(source.path),
  };
}

/** Writes training_args.json, a configuration file for repeating or resuming the run. Returns its path. */
export async function writeTrainingArgs(
  plan: TrainPlan,
  from: { classifier: SequenceClassifier; model: ResolvedModel; corpus: Corpus },
): Promise<string> {
  const { outputDir, method, evaluateBefore, baseline, data, split, lora, train } = plan;
  const { classifier, model, corpus } = from;
  const part = (name: "validation" | "test"): string | number => {
    const one = split[name];
    if (one === undefined) return SPLIT_DEFAULTS.part;
    if (one.kind === "share") return one.share;
    return one.kind === "none" ? "none" : resolve(one.path);
  };
  const args = {
    ...pinned(model, corpus),
    ...deviceOf(plan.model),
    method,
    ...(evaluateBefore ? { evaluateBefore } : {}),
    ...(baseline ? { baseline } : {}),
    labels: classifier.labels,
    ...(plan.model.newHead === true ? { newHead: true } : {}),
    maxLength: classifier.tokenizer.maxLength,
    ...Object.fromEntries(Object.entries(data).filter(([key]) => key !== "data")),
    validation: part("validation"),
    test: part("test"),
    stratify: split.stratify,
    groupColumn: split.groupColumn,
    randomState: split.randomState ?? SPLIT_DEFAULTS.randomState,
    ...lora,
    ...train,
    resumeFrom: undefined, // undefined is not written
    seed: classifier.seed,
    outputDir,
  };
  const path = join(outputDir, TRAINING_ARGS);
  await writeAtomically(path, `${JSON.stringify(args, undefined, 2)}\n`);
  return path;
}

/** Saves the adapter or the model. Returns the folder. */
export async function saveWeights(classifier: SequenceClassifier, { outputDir, method }: TrainPlan): Promise<string> {
  const folder = join(outputDir, method === "lora" ? "adapter" : "model");
  if (method === "lora") await classifier.saveAdapter(folder);
  else await classifier.saveModel(folder);
  return folder;
}

/** Writes the card of the saved weights. */
export async function writeCard(folder: string, classifier: SequenceClassifier, run: FinishedRun): Promise<void> {
  await saveModelCard(folder, cardOfRun(classifier, run));
}

/** The model, the data and the settings with which the results of a run begin. */
export function resultsOf(
  classifier: SequenceClassifier,
  { plan, model, parts }: Pick<LoadedRun, "plan" | "model" | "parts">,
): Pick<TrainResults, "model" | "device" | "data" | "seed" | "method" | "labels" | "trainableParameters"> {
  return {
    model: model.id,
    device: classifier.device,
    data: parts.loaded.corpus.source.kind,
    seed: classifier.seed,
    method: plan.method,
    labels: classifier.labels,
    trainableParameters: classifier.countParameters(),
  };
}

/** Writes results.json. Returns its path. */
export async function writeTrainResults(classifier: SequenceClassifier, run: FinishedRun): Promise<string> {
  const { plan, parts, training, scores, notices } = run;
  const results: TrainResults = {
    ...resultsOf(classifier, run),
    ...scores,
    training,
    elapsed: training.elapsedSeconds,
    notices,
    banner: parts.loaded.corpus.banner,
  };
  const path = join(plan.outputDir, "results.json");
  await writeAtomically(path, `${JSON.stringify(results, undefined, 1)}\n`);
  return path;
}
