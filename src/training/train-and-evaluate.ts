import { returnValueOf } from "../base/return-value";
import { loadClassifier, type LoadClassifierOptions } from "../classifier/load-classifier";
import { evaluate } from "../evaluation/evaluate";
import type { Evaluation } from "../evaluation/evaluation";
import type { LabelledTexts } from "../evaluation/labelled-texts";
import type { LoraConfig } from "../lora/lora-config";
import { initializeLoraEvaWeights } from "./initialize-lora-eva-weights";
import { train } from "./train";
import type { TrainEvent, TrainSummary } from "./train-event";
import type { TrainingData, TrainOptions } from "./options/train-options";

/** Texts with their classes, as a frame or a list, for both training and evaluation. */
export type ClassifiedTexts = TrainingData & LabelledTexts;

/** Options of {@link trainAndEvaluate}. */
export interface TrainAndEvaluateOptions {
  /** Options of `loadClassifier`: labels, seed, tokenizer, device. */
  readonly classifier: LoadClassifierOptions;
  /** Options of `addAdapter`. */
  readonly adapter: LoraConfig;
  /** Options of `train`, with a validation set. */
  readonly training: TrainOptions & { readonly validation: ClassifiedTexts };
  /** Test sets, evaluated after training. */
  readonly tests: readonly ClassifiedTexts[];
  /** Shows the run, as `trainingProgress()` does. @default nothing is shown */
  readonly progress?: {
    follow(events: AsyncGenerator<TrainEvent, TrainSummary, void>): Promise<TrainSummary>;
  };
}

/** The result of {@link trainAndEvaluate}. */
export interface TrainAndEvaluateResult {
  readonly summary: TrainSummary;
  /** Result on the validation set, with the final weights. */
  readonly validation: Evaluation;
  /** Result on each test set. */
  readonly tests: readonly Evaluation[];
}

/**
 * Loads a model with a new head and a new adapter, trains it, evaluates it, and frees it. The result is one column of
 * a table that compares models.
 *
 * @param model - a folder, a name on the Hub, or what `resolveModel` found
 * @throws TsloraError as `loadClassifier`, `addAdapter`, `train` and `evaluate`; the model is freed in that case too.
 */
export async function trainAndEvaluate(
  model: Parameters<typeof loadClassifier>[0],
  options: TrainAndEvaluateOptions,
): Promise<TrainAndEvaluateResult> {
  const { training, progress } = options;
  const classifier = await loadClassifier(model, options.classifier);
  try {
    const { awaitsEva } = classifier.addAdapter(options.adapter);
    if (awaitsEva) {
      const { perDeviceTrainBatchSize, seed, signal } = training;
      await initializeLoraEvaWeights(classifier, training.train, { perDeviceTrainBatchSize, seed, signal });
    }
    const events = train(classifier, training);
    const summary = await (progress === undefined ? returnValueOf(events) : progress.follow(events));
    const validation = await evaluate(classifier, training.validation);
    const tests: Evaluation[] = [];
    for (const test of options.tests) tests.push(await evaluate(classifier, test));
    return { summary, validation, tests };
  } finally {
    classifier.dispose();
  }
}
