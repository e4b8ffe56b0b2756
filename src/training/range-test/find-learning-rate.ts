import { TsloraError } from "../../base/tslora-error";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { onInterrupt } from "../run/on-interrupt";
import { stepsPerEpochOf } from "../run/plan-steps";
import { shownIds } from "../run/run-failure";
import type { TrainingData } from "../options/train-options";
import { checkPrefixOptions } from "../frozen-prefix/check-prefix-options";
import { examplesOf } from "../data/training-examples";
import {
  resolveLearningRateOptions,
  type LearningRateOptions,
  type ResolvedLearningRateOptions,
} from "./learning-rate-options";
import type { LearningRateEvent, LearningRateSuggestion, LearningRateTest } from "./learning-rate-test";
import { RangeTest, type RangeTestOutcome } from "./range-test";
import { suggestLearningRate } from "./suggest-learning-rate";
import { expectPrecision, precisionNotice } from "../step/training-precision";

/**
 * Finds a learning rate by a range test (Smith, "Cyclical Learning Rates for Training Neural Networks", 2017): takes
 * the first steps of a training while the rate grows exponentially, and records the loss of each step. The test ends at
 * the highest rate, or when the loss diverges. {@link suggestLearningRate} describes the suggestion;
 * `learningRateFigure` draws the test.
 *
 * Nothing is trained: afterwards the classifier is as before, bit for bit, also after an error, an interrupt (Ctrl-C,
 * Jupyter's stop), an abort by `signal`, or if the consumer stops early. While the generator runs, the weights are
 * those of the test. Its random numbers are its own: a training after it is the same as without it.
 *
 * ```ts
 * const test = await trainingProgress().follow(findLearningRate(classifier, split.train));
 * show(learningRateFigure(test));
 * ```
 *
 * @param data - the training examples, as in `train`. The batches are those of `train` with the same options
 * @returns the points of the test and a suggestion, or the reason why there is none
 * @throws TsloraError `bad-option` or `bad-input` if an option or the data are wrong, or if the loss of the first step
 *   is NaN or infinite.
 */
export async function* findLearningRate(
  classifier: SequenceClassifier,
  data: TrainingData,
  options: LearningRateOptions = {},
): AsyncGenerator<LearningRateEvent, LearningRateTest, void> {
  const method = classifier.expectTrainable("findLearningRate");
  const { problemType, labels } = classifier;
  const onGpu = classifier.device !== undefined && classifier.device.kind !== "cpu";
  const resolved = resolveLearningRateOptions(options, {
    method,
    problemType,
    numLabels: labels.length,
    onGpu,
  });
  const { ops } = classifier.model;
  expectPrecision(ops, { bf16: resolved.train.bf16, call: "findLearningRate" });
  checkPrefixOptions(classifier, resolved.train, "findLearningRate");
  const examples = examplesOf(data, { name: "data", labels, problemType });
  const documents = classifier.encode(examples.texts);
  const started = performance.now();
  yield startEvent(classifier, { examples: documents.length, options: resolved });
  const notUsed = precisionNotice(ops, resolved.train);
  if (notUsed !== undefined) yield { type: "warning", kind: "precision", step: 0, message: notUsed };
  const test = new RangeTest(classifier, {
    data: { documents, lengths: documents.map(({ ids }) => ids.length), labels: examples.labels },
    options: resolved,
    failure: (loss, batch) => notFinite(loss, { ids: batch.map((index) => examples.ids[index]), options: resolved }),
  });
  const stop = onInterrupt(resolved.train.signal);
  let outcome: RangeTestOutcome;
  try {
    outcome = yield* test.steps(stop.signal);
  } finally {
    stop.release();
    test.dispose();
  }
  const result = resultOf(outcome, (performance.now() - started) / 1000);
  yield result;
  return result;
}

function startEvent(
  classifier: SequenceClassifier,
  { examples, options }: { examples: number; options: ResolvedLearningRateOptions },
): LearningRateEvent {
  const stepsPerEpoch = stepsPerEpochOf(examples, options.train);
  return {
    type: "start",
    task: "learning-rate-test",
    totalSteps: options.numSteps,
    stepsPerEpoch,
    epochs: options.numSteps / stepsPerEpoch,
    trainExamples: examples,
    trainableParameters: classifier.countParameters().trainable,
  };
}

function resultOf({ points, reason }: RangeTestOutcome, elapsedSeconds: number): LearningRateTest {
  const suggestion = suggestLearningRate(points);
  return {
    type: "end",
    steps: points.length,
    points,
    suggestion,
    message: messageOf(suggestion),
    elapsedSeconds,
    stopped: reason === "stopped",
    reason,
  };
}

function messageOf(suggestion: LearningRateSuggestion): string {
  return suggestion.kind === "found"
    ? `Suggested learning rate: ${suggestion.learningRate.toExponential(1)}.`
    : `No learning rate can be suggested: ${suggestion.reason}.`;
}

function notFinite(
  loss: number,
  { ids, options }: { ids: readonly string[]; options: ResolvedLearningRateOptions },
): TsloraError {
  return new TsloraError(
    "bad-input",
    `findLearningRate: the loss of the first step must be finite; got ${loss}. No weight has changed by then, so the ` +
      `model's weights or classWeights are the cause, not the rate ${options.minLearningRate}. The batch: ${shownIds(ids)}.`,
    { details: { reason: "diverged", step: 1, ids: [...ids] } },
  );
}
