import { join } from "node:path";

import type { DataFrame } from "danfojs-node";

import { lockFolder } from "../../base/lock/lock-output";
import { Problems } from "../../base/problems";
import { returnValueOf } from "../../base/return-value";
import { TsloraError } from "../../base/tslora-error";
import { loadClassifier } from "../../classifier/load-classifier";
import { TRAINING_ARGS } from "../../classifier/read-run-record";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { prepareTraining } from "../../classifier/prepare-training";
import { deviceOf } from "../../device/device";
import { resolveDevice } from "../../device/open-device";
import { evaluate } from "../../evaluation/evaluate";
import { evaluateMultiLabel, type MultiLabelEvaluation } from "../../evaluation/evaluate-multi-label";
import type { Evaluation } from "../../evaluation/evaluation";
import { resolveModel } from "../../hub/resolve-model";
import type { LoraConfig } from "../../lora/lora-config";
import { resolveLoraConfig } from "../../lora/resolve-lora-config";
import { readEncoderConfig, type EncoderConfig } from "../../model/encoder-config";
import { listCheckpoints } from "../../training/checkpoint/find-checkpoint";
import { train } from "../../training/train";
import type { TrainSummary } from "../../training/train-event";
import { evaluationLines } from "../evaluate/evaluation-lines";
import { multiLabelLines } from "../evaluate/multi-label-lines";
import { EXIT } from "../exit-codes";
import { hearInterruption } from "../run/interruption";
import type { CommandCall } from "../library-command";
import { loadQuietly } from "../load-quietly";
import { shortPath } from "../run/run-in-terminal";
import { countProgress } from "../terminal/show-progress";
import type { Terminal } from "../terminal/terminal";
import { findRate } from "./find-rate";
import { initializeEva } from "./initialize-eva";
import type { LoadedParts } from "./load-parts";
import type { LoadedRun, RunContext } from "./loaded-run";
import { writeTrainedTexts } from "./trained-texts";
import { planTrain, type TrainPlan } from "./plan-train";
import { TrainView } from "./train-view";
import { saveWeights, writeCard, writeTrainingArgs, writeTrainResults } from "./write-run";

/** `tslora train`. Everything is checked before anything is written. */
export async function runTrain({ terminal, values }: CommandCall): Promise<number> {
  const plan = planTrain(values);
  const view = new TrainView(terminal, { json: values.json === true });
  const lock = lockFolder(plan.outputDir, { purpose: "tslora train", covers: ["adapter", "model"] });
  const interruption = hearInterruption(terminal, {
    effect: "at the next step, with a checkpoint if training has begun",
    show: (text) => view.warn(text),
  });
  try {
    return await trainPlanned(plan, { terminal, view, signal: interruption.signal });
  } finally {
    view.close();
    interruption.release();
    lock.release();
  }
}

/** An evaluation of texts with one label each, or with any number of them. */
type AnyEvaluation = Evaluation | MultiLabelEvaluation;

/** A run's evaluations. */
interface Scores {
  readonly before: AnyEvaluation | undefined;
  readonly after: AnyEvaluation | undefined;
  readonly validation: AnyEvaluation | undefined;
  readonly baseline: AnyEvaluation | undefined;
}

async function trainPlanned(plan: TrainPlan, to: RunContext): Promise<number> {
  const { terminal, view, signal } = to;
  const notices: string[] = [];
  const notice = (text: string): void => {
    notices.push(text);
    view.notice(text);
  };
  const model = await resolveModel(plan.model.model, { requireTokenizer: true });
  notice(model.notice);
  const config = await readEncoderConfig(model.directory);
  if (plan.method === "lora") checkLoraConfig(plan.lora, config); // before the data are read
  const deviceOptions = deviceOf(plan.model);
  loadQuietly(terminal, deviceOptions);
  notice((await resolveDevice(deviceOptions)).notice);
  const { loadParts } = await import("./load-parts.js"); // danfojs loads TensorFlow
  const parts = await loadParts(plan, { config, notice, signal });
  expectRunning(signal);
  const { maxLength, newHead } = plan.model;
  const classifier = await loadClassifier(model, {
    ...deviceOptions,
    labels: parts.labels,
    newHead,
    problemType: plan.problemType,
    seed: plan.train.seed,
    maxLength,
  });
  try {
    return await trainLoaded({ plan, model, parts, classifier, notices, notice }, to);
  } finally {
    classifier.dispose();
  }
}

async function trainLoaded(run: LoadedRun, to: RunContext): Promise<number> {
  const { plan, model, parts, classifier, notice } = run;
  const { view, signal } = to;
  const score = scorer(classifier, to);
  const before = plan.evaluateBefore
    ? await score("Evaluating before training", parts.test).catch(rethrowBefore(signal))
    : undefined;
  prepareTraining(classifier, { method: plan.method, adapter: plan.lora });
  const eva = await initializeEva(classifier, { plan, parts, ...to }).catch(rethrowBefore(signal));
  if (eva !== undefined) notice(eva);
  notice(`Texts are cut to ${classifier.tokenizer.maxLength} tokens. ${classifier.trainableParametersLine()}`);
  expectRunning(signal);
  if (plan.findLearningRate) return findRate(run, to);
  const writeArgs = async (): Promise<void> => {
    await writeTrainedTexts(plan.outputDir, parts.train);
    await writeTrainingArgs(plan, { classifier, model, corpus: parts.loaded.corpus });
  };
  const baseline = plan.baseline ? await baselineOf(parts, plan) : undefined; // refuses texts that it cannot use
  expectRunning(signal);
  const training = await follow(classifier, { plan, parts, view, signal, onStart: writeArgs });
  if (training.stopped) return stopped(training, { plan, view });
  await finish(run, { training, before, baseline, to });
  return EXIT.ok;
}

/**
 * Saves the trained weights, evaluates them, and writes their card and the results. If this stops or fails, a message
 * says what is saved, and names the command that does the rest.
 */
async function finish(
  { plan, model, parts, classifier, notices }: LoadedRun,
  { training, before, baseline, to }: Pick<Scores, "before" | "baseline"> & { training: TrainSummary; to: RunContext },
): Promise<void> {
  const score = scorer(classifier, to);
  let saved: string | undefined;
  try {
    saved = await saveWeights(classifier, plan);
    const validation = await score("Evaluating on validation", parts.validation);
    const after = await score("Evaluating", parts.test);
    const scores = { before, after, validation, baseline };
    const finished = { plan, model, parts, training, scores, notices };
    await writeCard(saved, classifier, finished);
    const path = await writeTrainResults(classifier, finished);
    showResults(scores, { plan, saved, path, to });
  } catch (error) {
    const place = saved === undefined ? "the last checkpoint" : shortPath(saved);
    const kept = `Training is finished, and its weights are in ${place}.`;
    const left = `${kept} What is missing, such as results.json, is written by: npx ${resumeCommand(plan, "last")}`;
    if (to.signal.aborted) throw new TsloraError("aborted", `Stopped while evaluating. ${left}`, { cause: error });
    to.view.warn(left);
    throw error;
  }
}

/** The command that resumes a run. */
function resumeCommand(plan: TrainPlan, from: string): string {
  return `${repeatCommand(plan)} --resume-from ${from}`;
}

function repeatCommand({ outputDir }: TrainPlan): string {
  return `tslora train --config ${shortPath(join(outputDir, TRAINING_ARGS))}`;
}

/** Shows a finished run's scores and output paths. */
function showResults(
  scores: Scores,
  { plan, saved, path, to }: { plan: TrainPlan; saved: string; path: string; to: RunContext },
): void {
  const { before, after, validation, baseline } = scores;
  const kind = plan.method === "lora" ? "adapter" : "model";
  const shown = after ?? validation;
  const title = `On the ${after === undefined ? "validation" : "test"} texts:`;
  const lines = [
    ...(shown === undefined ? [] : ["", title, ...linesOf(shown, to.terminal)]),
    "",
    ...accuracies(scores),
    `${kind}: ${shortPath(saved)}`,
    `results: ${shortPath(path)}`,
  ];
  const short = (evaluation: AnyEvaluation | undefined): object | undefined =>
    evaluation === undefined ? undefined : { ...evaluation, predictions: undefined };
  const result = {
    type: "results",
    [kind]: saved,
    results: path,
    before: short(before),
    after: short(after),
    validation: short(validation),
    baseline: short(baseline),
  };
  to.view.result(result, lines);
}

function linesOf(evaluation: AnyEvaluation, terminal: Terminal): string[] {
  return "hammingLoss" in evaluation
    ? multiLabelLines(evaluation, { terminal })
    : evaluationLines(evaluation, { terminal });
}

function expectRunning(signal: AbortSignal): void {
  if (signal.aborted) throw new TsloraError("aborted", "Stopped before training began; nothing was written.");
}

/** Handles an error before training; that of a stopped run says that nothing was written. */
function rethrowBefore(signal: AbortSignal): (error: unknown) => never {
  return (error) => {
    expectRunning(signal);
    throw error;
  };
}

/** Runs the training and shows its events. Calls `onStart` before the first event, when all checks are done. */
async function follow(
  classifier: SequenceClassifier,
  run: { plan: TrainPlan; parts: LoadedParts; view: TrainView; signal: AbortSignal; onStart: () => Promise<unknown> },
): Promise<TrainSummary> {
  const { plan, parts, view, signal, onStart } = run;
  const events = train(classifier, {
    ...plan.train,
    train: parts.train,
    validation: parts.validation,
    outputDir: plan.outputDir,
    signal,
  });
  let isFirst = true;
  return returnValueOf(events, async (event) => {
    if (isFirst) await onStart();
    isFirst = false;
    view.show(event);
  });
}

/** Says how a stopped run goes on: from its checkpoint, from that of the run that it resumed, or from the start. */
async function stopped({ steps }: TrainSummary, { plan, view }: { plan: TrainPlan; view: TrainView }): Promise<number> {
  const { outputDir } = plan;
  const { resumeFrom } = plan.train;
  const isSaved = (await listCheckpoints(outputDir)).some(({ step }) => step === steps);
  if (!isSaved && resumeFrom === undefined) {
    const restart = `${repeatCommand(plan)} --overwrite-output-dir`;
    view.result({ type: "stopped", steps, outputDir, restart }, [
      "Stopped before the first step: nothing was trained. Start again with:",
      `  npx ${restart}`,
    ]);
    return EXIT.interrupted;
  }
  const resume = resumeCommand(plan, isSaved || resumeFrom === undefined ? "last" : shortPath(resumeFrom));
  const where = isSaved ? `its checkpoint is in ${shortPath(outputDir)}` : "no further step was trained";
  view.result({ type: "stopped", steps, outputDir, resume }, [
    `Stopped after step ${steps}; ${where}. Resume with:`,
    `  npx ${resume}`,
  ]);
  return EXIT.interrupted;
}

/** Makes a function that evaluates on a part of the data; it returns undefined if the part does not exist. */
function scorer(
  classifier: SequenceClassifier,
  { terminal, signal }: RunContext,
): (what: string, data: DataFrame | undefined) => Promise<AnyEvaluation | undefined> {
  return async (what, data) => {
    if (data === undefined) return undefined;
    const progress = countProgress(terminal, what);
    try {
      const options = { onProgress: progress.update, signal };
      return classifier.problemType === "multi_label_classification"
        ? await evaluateMultiLabel(classifier, data, options)
        : await evaluate(classifier, data, options);
    } finally {
      progress.stop();
    }
  };
}

async function baselineOf(
  { train: texts, test, labels }: LoadedParts,
  { problemType }: TrainPlan,
): Promise<AnyEvaluation | undefined> {
  if (test === undefined) return undefined;
  if (problemType === "multi_label_classification") {
    const { evaluateMultiLabelBaseline } = await import("../../evaluation/baseline/evaluate-multi-label-baseline.js");
    return evaluateMultiLabelBaseline(texts, test, { labels });
  }
  const { evaluateBaseline } = await import("../../evaluation/baseline/evaluate-baseline.js");
  return evaluateBaseline(texts, test, { labels });
}

function accuracies({ before, after, validation, baseline }: Scores): string[] {
  const named = (name: string, evaluation: AnyEvaluation | undefined): string[] =>
    evaluation === undefined ? [] : [`${name} ${evaluation.accuracy.toFixed(3)}`];
  const all = [
    ...named("before training", before),
    ...named("after", after),
    ...named("on validation", validation),
    ...named("TF-IDF with logistic regression", baseline),
  ];
  const several = [before, after, validation].some((one) => one !== undefined && "hammingLoss" in one);
  return all.length === 0 ? [] : [`Accuracy${several ? " (every label right)" : ""}: ${all.join(", ")}.`];
}

/** @throws TsloraError that lists all problems of the adapter's options. */
function checkLoraConfig(lora: LoraConfig, config: EncoderConfig): void {
  const problems = new Problems("tslora train");
  resolveLoraConfig(lora, { ...config, problems });
  problems.throwIfAny();
}
