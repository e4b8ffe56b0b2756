import { join } from "node:path";

import { writeAtomically } from "../../../base/files/write-atomically";
import type { JsonValue } from "../../../base/json";
import { returnValueOf } from "../../../base/return-value";
import { textInput } from "../../../base/text-input";
import { TsloraError } from "../../../base/tslora-error";
import { loadClassifier } from "../../../classifier/load-classifier";
import { prepareTraining } from "../../../classifier/prepare-training";
import type { SequenceClassifier } from "../../../classifier/sequence-classifier";
import { folderHash } from "../../../hub/folder-hash";
import { resolveModel } from "../../../hub/resolve-model";
import type { ResolvedModel } from "../../../hub/resolved-model";
import { listCheckpoints } from "../../../training/checkpoint/find-checkpoint";
import { initializeLoraEvaWeights } from "../../../training/initialize-lora-eva-weights";
import { readTrainingLog } from "../../../training/log/read-training-log";
import { train } from "../../../training/train";
import type { TrainEvent, TrainSummary } from "../../../training/train-event";
import type { TrainOptions } from "../../../training/options/train-options";
import type { JobDocument } from "../../contract/job-document";
import type { JobContext, JobType } from "../../contract/job-type";
import { reportedValues, type Evaluated } from "./reported-values";
import { TRIAL_SETTINGS_SCHEMA, type TrialJobSettings } from "./trial-settings";
import { readTextLines, type TrialText } from "./trial-texts";
import { precisionNotice } from "../../../training/step/training-precision";

/** The result's file with the logits of the validation texts. */
export const VALIDATION_FILE = "validation.json";
/** The result's file with the logits of the test texts, if the job has such texts. */
export const TEST_FILE = "test.json";

/** Logits of texts, row by row, with the labels. */
export interface ScoredTexts {
  readonly labels: readonly (number | readonly number[])[];
  readonly logits: readonly (readonly number[])[];
}

/**
 * The job of one trial with one seed: trains on the first input, evaluates on the second, and scores the third, if
 * there is one. It reports the metric at each evaluation. A stopped or killed job resumes from its checkpoint to the
 * same weights, and reports its earlier evaluations again.
 */
export const trainTrialJob: JobType = {
  name: "train-trial",
  settingsSchema: TRIAL_SETTINGS_SCHEMA,
  run: runTrial,
};

async function runTrial(document: JobDocument, context: JobContext): Promise<{ readonly [key: string]: JsonValue }> {
  const settings = document.settings as unknown as TrialJobSettings; // the worker has checked them by the schema
  const [training, validation, test] = await Promise.all(context.inputs.map(readTextLines));
  const model = await modelOf(settings);
  const { labels, problemType, maxLength, device, method, keepWeights } = settings;
  const options = { labels, problemType, maxLength, device, seed: document.seed, newHead: true };
  const classifier = await loadClassifier(model, options);
  try {
    await prepare(classifier, { settings, training, document, signal: context.signal });
    const outputDir = join(context.workFolder, "run");
    const summary = await follow(
      train(classifier, {
        ...(settings.training as Partial<TrainOptions>),
        metricForBestModel: settings.metric,
        train: training,
        validation,
        seed: document.seed,
        outputDir,
        resumeFrom: (await listCheckpoints(outputDir)).length > 0 ? "last" : undefined,
        signal: context.signal,
      }),
      { settings, outputDir, progress: context.progress },
    );
    if (summary.stopped)
      throw new TsloraError("aborted", `The trial stopped at step ${summary.steps}, with a checkpoint.`);
    await writeScores(classifier, { path: join(context.resultFolder, VALIDATION_FILE), texts: validation, context });
    if (test !== undefined)
      await writeScores(classifier, { path: join(context.resultFolder, TEST_FILE), texts: test, context });
    if (keepWeights && method === "lora") await classifier.saveAdapter(join(context.resultFolder, "adapter"));
    if (keepWeights && method !== "lora") await classifier.saveModel(join(context.resultFolder, "model"));
    return await summaryOf(summary, { settings, outputDir });
  } finally {
    classifier.dispose();
  }
}

/** Finds the model and compares its files with the document's hash. */
async function modelOf({ model, modelSha256 }: TrialJobSettings): Promise<ResolvedModel> {
  const found = await resolveModel(model, { requireTokenizer: true });
  const hash = await folderHash(found.directory);
  if (hash === modelSha256) return found;
  throw new TsloraError(
    "bad-input",
    `The model ${model} must have the SHA-256 ${modelSha256}; this machine's has ${hash}. Install the sweep's model.`,
  );
}

async function prepare(
  classifier: SequenceClassifier,
  {
    settings,
    training,
    document,
    signal,
  }: { settings: TrialJobSettings; training: readonly TrialText[]; document: JobDocument; signal: AbortSignal },
): Promise<void> {
  const { bf16 = false } = settings.training as Partial<TrainOptions>;
  const notUsed = precisionNotice(classifier.model.ops, { bf16 });
  if (notUsed !== undefined)
    // trials of one sweep must not differ in precision
    throw new TsloraError("device", `${notUsed} Leave bf16 out of the sweep, or run its trials on other machines.`);
  if (prepareTraining(classifier, settings)?.awaitsEva !== true) return;
  const { perDeviceTrainBatchSize } = settings.training as Partial<TrainOptions>;
  await initializeLoraEvaWeights(classifier, training, { perDeviceTrainBatchSize, seed: document.seed, signal });
}

/** Reports a training's steps and evaluations to the driver; those before a resume again. */
async function follow(
  events: AsyncGenerator<TrainEvent, TrainSummary, void>,
  {
    settings,
    outputDir,
    progress,
  }: { settings: TrialJobSettings; outputDir: string; progress: JobContext["progress"] },
): Promise<TrainSummary> {
  let total: number | undefined;
  let known: readonly Evaluated[] = [];
  return returnValueOf(events, async (event) => {
    if (event.type === "start") total = event.totalSteps;
    if (event.type === "resume") known = await evaluations(outputDir, settings);
    if (event.type === "evaluation") known = [...known, ...evaluated(event, settings)];
    if (event.type === "step" || event.type === "evaluation" || event.type === "resume")
      progress({ done: event.step, total, values: reportedValues(settings.metric, known) });
  });
}

function evaluated(event: Extract<TrainEvent, { type: "evaluation" }>, { metric }: TrialJobSettings): Evaluated[] {
  const value = event.metrics[metric];
  return value === undefined ? [] : [{ step: event.step, value }];
}

/** The evaluations of a run's log. */
async function evaluations(outputDir: string, settings: TrialJobSettings): Promise<Evaluated[]> {
  const events = await readTrainingLog(outputDir);
  return events.flatMap((event) => (event.type === "evaluation" ? evaluated(event, settings) : []));
}

async function writeScores(
  classifier: SequenceClassifier,
  { path, texts, context }: { path: string; texts: readonly TrialText[]; context: JobContext },
): Promise<void> {
  const inputs = texts.map(({ text, textPair }) => textInput(text, textPair));
  const flat = await classifier.predictLogits(inputs, { signal: context.signal });
  const classes = classifier.labels.length;
  const scored: ScoredTexts = {
    labels: texts.map(({ label }) => label),
    logits: texts.map((_, row) => [...flat.subarray(row * classes, (row + 1) * classes)]),
  };
  await writeAtomically(path, `${JSON.stringify(scored)}\n`);
}

/** The manifest's summary: numbers that the same document always gives. */
async function summaryOf(
  { steps, bestStep, bestMetric }: TrainSummary,
  { settings, outputDir }: { settings: TrialJobSettings; outputDir: string },
): Promise<{ readonly [key: string]: JsonValue }> {
  const list = await evaluations(outputDir, settings);
  return {
    [settings.metric]: bestMetric ?? null,
    steps,
    bestStep: bestStep ?? null,
    evaluations: list.map(({ step, value }) => ({ step, value })),
  };
}
