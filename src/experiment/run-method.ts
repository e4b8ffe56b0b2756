import { loadClassifier } from "../classifier/load-classifier";
import { prepareTraining } from "../classifier/prepare-training";
import type { SequenceClassifier } from "../classifier/sequence-classifier";
import type { DeviceOptions } from "../device/device";
import { trainBaseline } from "../evaluation/baseline/evaluate-baseline";
import { evaluate } from "../evaluation/evaluate";
import type { Evaluation } from "../evaluation/evaluation";
import type { TextClassifier } from "../evaluation/text-classifier";
import type { ResolvedModel } from "../hub/resolve-model";
import { initializeLoraEvaWeights } from "../training/initialize-lora-eva-weights";
import { train } from "../training/train";
import type { TrainEvent } from "../training/train-event";
import type { Method } from "./method";
import type { PlannedRun } from "./planned-run";
import type { RunResult } from "./run-result";

/** Inputs that all runs of an experiment share. */
export interface RunContext extends DeviceOptions {
  readonly model: ResolvedModel;
  readonly labels: readonly string[];
  readonly maxLength: number;
  readonly signal: AbortSignal | undefined;
}

/** Computes a run and yields the events of its training. Disposes of the model that it loads. */
export async function* runMethod(run: PlannedRun, context: RunContext): AsyncGenerator<TrainEvent, RunResult, void> {
  const started = performance.now();
  const outcome = yield* outcomeOf(run, context);
  const { train, validation, test } = run;
  return {
    method: run.method.name,
    part: run.part,
    seed: run.seed,
    labels: [...context.labels],
    texts: { train: train.length, validation: validation.length, test: test.length },
    predictions: outcome.test.predictions.map(({ yTrue, yPred, probabilities }) => ({ yTrue, yPred, probabilities })),
    validationAccuracy: outcome.validation?.accuracy ?? null,
    steps: outcome.steps ?? 0,
    trainableParameters: outcome.trainableParameters ?? 0,
    elapsedSeconds: (performance.now() - started) / 1000,
  };
}

interface Outcome {
  readonly test: Evaluation;
  readonly validation?: Evaluation;
  readonly steps?: number;
  readonly trainableParameters?: number;
}

async function* outcomeOf(run: PlannedRun, context: RunContext): AsyncGenerator<TrainEvent, Outcome, void> {
  const { labels, signal } = context;
  const { method } = run;
  switch (method.kind) {
    case "majority-class":
      return { test: await evaluate(majorityClass(run, labels), run.test, { signal }) };
    case "baseline":
      return { test: await evaluate(trainBaseline(run.train, { ...method.options, labels }), run.test, { signal }) };
    case "untrained":
    case "head":
    case "lora":
    case "full": {
      const { model, maxLength, device, requireGpu } = context;
      const options = { labels, seed: run.seed, maxLength, newHead: true, device, requireGpu };
      const classifier = await loadClassifier(model, options);
      try {
        return method.kind === "untrained"
          ? { test: await evaluate(classifier, run.test, { signal }) }
          : yield* trained(classifier, { ...run, method }, context);
      } finally {
        classifier.dispose();
      }
    }
  }
}

async function* trained(
  classifier: SequenceClassifier,
  { method, seed, train: texts, validation, test }: PlannedRun & { readonly method: TrainedMethod },
  { signal }: RunContext,
): AsyncGenerator<TrainEvent, Outcome, void> {
  const adapter = method.kind === "lora" ? method.adapter : undefined;
  if (prepareTraining(classifier, { method: method.kind, adapter })?.awaitsEva === true) {
    const { perDeviceTrainBatchSize } = method.training ?? {};
    await initializeLoraEvaWeights(classifier, texts, { perDeviceTrainBatchSize, seed, signal });
  }
  const trainableParameters = classifier.countParameters().trainable;
  const { steps, stopped } = yield* train(classifier, { ...method.training, train: texts, validation, seed, signal });
  if (stopped) throw signal?.reason ?? new Error("The training was stopped.");
  return {
    test: await evaluate(classifier, test, { signal }),
    validation: await evaluate(classifier, validation, { signal }),
    steps,
    trainableParameters,
  };
}

type TrainedMethod = Extract<Method, { readonly kind: "head" | "lora" | "full" }>;

/**
 * A classifier that gives each text the same probabilities: the shares of the labels in the training texts, as
 * scikit-learn's `DummyClassifier(strategy="prior")`. A label without a training text has the probability 2^-52 instead
 * of 0, since logits must be finite; `log_loss` in scikit-learn clips a probability of 0 to the same number.
 */
function majorityClass({ train }: PlannedRun, labels: readonly string[]): TextClassifier {
  const logits = labels.map((_, label) => {
    const share = train.filter((row) => row.label === label).length / train.length;
    return Math.log(Math.max(share, Number.EPSILON));
  });
  return {
    labels,
    predictLogits: (texts) => Promise.resolve(Float32Array.from(texts.flatMap(() => logits))),
  };
}
