import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";

import { lockFolder, type OutputLock } from "../base/lock/lock-output";
import { Problems } from "../base/problems";
import { shownPath } from "../base/shown-path";
import { TsloraError } from "../base/tslora-error";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import type { TrainingMethod } from "../classifier/training-method";
import { checkResume } from "./checkpoint/check-resume";
import { findCheckpoint } from "./checkpoint/find-checkpoint";
import { onInterrupt } from "./run/on-interrupt";
import { readResume, type Resume } from "./checkpoint/read-resume";
import { mlflowSettings } from "./log/mlflow/mlflow-settings";
import { resolveTrainOptions } from "./options/resolve-train-options";
import { noteDifferences, runIdentity, type RunIdentity } from "./checkpoint/run-identity";
import type { TrainEvent, TrainSummary } from "./train-event";
import type { TrainOptions } from "./options/train-options";
import { checkPrefixOptions } from "./frozen-prefix/check-prefix-options";
import { RunPrefix } from "./frozen-prefix/run-prefix";
import { examplesOf, expectSameInputs } from "./data/training-examples";
import { TrainingRun } from "./run/training-run";
import { expectPrecision } from "./step/training-precision";

/**
 * Trains a classifier's adapter, or all its weights, with AdamW on the mean cross entropy. It is an async generator of
 * events, and stops if its consumer stops. An interrupt (Ctrl-C, Jupyter's stop) or `signal` ends it at the next step,
 * with a checkpoint, from which `resumeFrom` resumes. On the same device, the weights are then bit for bit those of a
 * run that never stopped.
 *
 * A batch is computed without padding, in parts whose gradients are summed: memory does not grow with the batch size.
 * On one device, the same seed gives the same run.
 *
 * @throws TsloraError if an option, the data or the checkpoint is wrong, before anything is trained or written; or if
 *   the loss becomes NaN or infinite, the gradient explodes, or tensors or memory grow from step to step.
 */
export async function* train(
  classifier: SequenceClassifier,
  options: TrainOptions,
): AsyncGenerator<TrainEvent, TrainSummary, void> {
  const method = classifier.expectTrainable("train");
  const { problemType } = classifier;
  const numLabels = classifier.labels.length;
  const resolved = resolveTrainOptions(options, {
    method,
    problemType,
    numLabels,
    onGpu: classifier.device !== undefined && classifier.device.kind !== "cpu",
  });
  expectPrecision(classifier.model.ops, { bf16: resolved.bf16, call: "train" });
  checkPrefixOptions(classifier, resolved, "train");
  if (resolved.reportTo === "mlflow") mlflowSettings(); // refused before anything is written
  const lock = resolved.outputDir === undefined ? undefined : lockFolder(resolved.outputDir, { purpose: "training" });
  try {
    return yield* trainLocked(classifier, options, { resolved, method });
  } finally {
    lock?.release();
  }
}

type Resolved = ReturnType<typeof resolveTrainOptions>;

async function* trainLocked(
  classifier: SequenceClassifier,
  options: TrainOptions,
  { resolved, method }: { resolved: Resolved; method: TrainingMethod },
): AsyncGenerator<TrainEvent, TrainSummary, void> {
  const { problemType } = classifier;
  const { labels } = classifier;
  const examples = examplesOf(options.train, { name: "train", labels, problemType });
  const validation =
    options.validation === undefined
      ? undefined
      : examplesOf(options.validation, { name: "validation", labels, problemType });
  expectSameInputs(examples, validation);
  const documents = classifier.encode(examples.texts);
  const prefix = RunPrefix.plan(classifier, {
    options: resolved,
    training: documents,
    encodeValidation: () => validation && classifier.encode(validation.texts),
  });
  const source = lockResumed(resolved);
  const { identity, resume } = await readStart().finally(() => source?.release());
  classifier.takesPairs = examples.pairs;
  const inputs = { options: resolved, examples, validation, documents, prefix, identity, resume };
  const run = new TrainingRun(classifier, inputs);
  const stop = onInterrupt(resolved.signal);
  try {
    return yield* run.events(stop.signal);
  } finally {
    stop.release();
    await run.dispose();
  }

  async function readStart(): Promise<{ identity?: RunIdentity; resume?: Resume }> {
    const checkpoint =
      resolved.resumeFrom === undefined
        ? undefined
        : await findCheckpoint(resolved.resumeFrom, { outputDir: resolved.outputDir });
    const identity =
      checkpoint === undefined && resolved.outputDir === undefined
        ? undefined
        : await runIdentity(classifier, { options: resolved, train: examples, validation, documents });
    if (checkpoint !== undefined && identity !== undefined) {
      const problems = new Problems(
        `train: cannot resume from ${shownPath(checkpoint.path)}: it belongs to a different run`,
      );
      noteDifferences(problems, { then: checkpoint.state.identity, now: identity });
      problems.throwIfAny();
      await checkResume(checkpoint, {
        model: classifier.model,
        options: resolved,
        documents,
        evaluates: validation !== undefined,
      });
    }
    const resume = checkpoint === undefined ? undefined : await readResume(classifier, { checkpoint, method });
    return { identity, resume };
  }
}

/**
 * Locks the folder of another run's checkpoint while it is read. A folder that cannot be written needs no lock, since
 * no run can change it.
 */
function lockResumed({ resumeFrom, outputDir }: Resolved): OutputLock | undefined {
  if (resumeFrom === undefined || resumeFrom === "last") return undefined;
  const folder = dirname(resolve(resumeFrom));
  if (!existsSync(folder) || (outputDir !== undefined && relative(resolve(outputDir), folder) === "")) return undefined;
  try {
    return lockFolder(folder, { purpose: "resuming" });
  } catch (error) {
    if (error instanceof TsloraError && error.code === "not-saved") return undefined;
    throw error;
  }
}
