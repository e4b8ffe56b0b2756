import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { DropoutSource } from "../../model/parts/dropout";
import type { TrainingDocuments } from "../step/batch-gradients";
import { lossOf } from "../loss/loss-of-options";
import { AdamW } from "../optimizer/adamw";
import { parameterGroups } from "../optimizer/parameter-groups";
import { stepsPerEpochOf } from "../run/plan-steps";
import { TrainingStep } from "../step/step";
import { stepsOfEpoch } from "../data/steps-of-epoch";
import { KeptWeights } from "./kept-weights";
import type { ResolvedLearningRateOptions } from "./learning-rate-options";
import type { LearningRateEvent, LearningRatePoint } from "./learning-rate-test";
import { LossAverage } from "./loss-average";

/** A step of the test, as its event reports it. */
type StepEvent = LearningRateEvent & { readonly type: "step" };

/** One step's numbers, checked. */
type Reading =
  | { readonly kind: "finite"; readonly event: StepEvent; readonly nextIsFinite: boolean }
  | { readonly kind: "not finite"; readonly loss: number };

/** Examples and options of a range test, checked. */
export interface RangeTestInputs {
  readonly data: TrainingDocuments;
  readonly options: ResolvedLearningRateOptions;
  /** Makes the error for a loss that is not finite at the first step, with the indices of its examples. */
  readonly failure: (loss: number, batch: readonly number[]) => Error;
}

/** The steps of a range test, and its end. */
export interface RangeTestOutcome {
  readonly points: readonly LearningRatePoint[];
  readonly reason: "finished" | "diverged" | "stopped";
}

/**
 * Takes the steps of a range test. It owns the optimizer and the weights as they were before. `dispose` restores these.
 */
export class RangeTest {
  readonly #inputs: RangeTestInputs;
  readonly #optimizer: AdamW;
  readonly #step: TrainingStep;
  readonly #average: LossAverage;
  readonly #before: KeptWeights;
  readonly #stepsPerEpoch: number;
  /** The steps of the current epoch. */
  #steps: readonly (readonly (readonly number[])[])[] = [];

  constructor(classifier: SequenceClassifier, inputs: RangeTestInputs) {
    const { data, options } = inputs;
    const { ops } = classifier.model;
    this.#inputs = inputs;
    this.#stepsPerEpoch = stepsPerEpochOf(data.documents.length, options.train);
    const { weightDecay } = options.train;
    this.#optimizer = new AdamW(ops, { weightDecay, groupOf: parameterGroups(options.train, classifier.model.config) });
    this.#average = new LossAverage(options.smoothing);
    this.#step = new TrainingStep(classifier, {
      optimizer: this.#optimizer,
      data,
      loss: lossOf(classifier, { options: options.train, labels: data.labels }),
      dropout: new DropoutSource(options.train.seed),
      options: options.train,
      check: () => undefined, // a loss that is not finite ends the test
    });
    this.#before = new KeptWeights(ops, classifier.trainableParameters());
  }

  /** Takes the steps until the highest rate, until the loss diverges, or until a stop is requested. */
  async *steps(stop: AbortSignal): AsyncGenerator<StepEvent, RangeTestOutcome, void> {
    const { numSteps, divergenceFactor } = this.#inputs.options;
    const points: LearningRatePoint[] = [];
    let lowest = Infinity;
    for (let step = 1; step <= numSteps; step++) {
      if (stop.aborted) return { points, reason: "stopped" };
      const batch = this.#batchOf(step);
      const reading = await this.#take(step, batch);
      if (reading.kind === "not finite") {
        if (points.length === 0) throw this.#inputs.failure(reading.loss, batch.flat());
        return { points, reason: "diverged" };
      }
      const { loss, smoothedLoss, learningRate } = reading.event;
      points.push({ step, learningRate, loss, smoothedLoss });
      yield reading.event;
      lowest = Math.min(lowest, smoothedLoss);
      if (smoothedLoss > divergenceFactor * lowest || !reading.nextIsFinite) return { points, reason: "diverged" };
    }
    return { points, reason: "finished" };
  }

  /** Restores the weights, and frees the optimizer's tensors. */
  dispose(): void {
    this.#optimizer.dispose();
    this.#before.restore();
  }

  /** The micro-batches of a step: those that `train` takes at the same step. */
  #batchOf(step: number): readonly (readonly number[])[] {
    const { data, options } = this.#inputs;
    const inEpoch = (step - 1) % this.#stepsPerEpoch;
    if (inEpoch === 0)
      this.#steps = stepsOfEpoch(data.lengths, options.train, Math.floor((step - 1) / this.#stepsPerEpoch));
    return this.#steps[inEpoch];
  }

  async #take(step: number, microBatches: readonly (readonly number[])[]): Promise<Reading> {
    const { options } = this.#inputs;
    const sent = await this.#step.send({
      step,
      epoch: step / this.#stepsPerEpoch,
      learningRate: rateAt(step, options),
      microBatches,
    });
    const { numbers, startedAt, tokens, epoch, learningRate } = sent;
    if (numbers.kind !== "read") throw new TypeError("A step of a range test must have its numbers read.");
    const { loss, gradNorm } = numbers;
    if (!Number.isFinite(loss)) return { kind: "not finite", loss };
    const event: StepEvent = {
      type: "step",
      step,
      epoch,
      learningRate,
      loss,
      smoothedLoss: this.#average.add(loss),
      gradNorm,
      tokens,
      tokensPerSecond: tokens / ((performance.now() - startedAt) / 1000),
      memory: process.memoryUsage.rss(),
    };
    return { kind: "finite", event, nextIsFinite: Number.isFinite(gradNorm) };
  }
}

/** The rate of a step: from the lowest at step 1 to the highest at the last one, in equal factors. */
function rateAt(
  step: number,
  {
    minLearningRate: low,
    maxLearningRate: high,
    numSteps,
  }: Pick<ResolvedLearningRateOptions, "minLearningRate" | "maxLearningRate" | "numSteps">,
): number {
  return low * (high / low) ** ((step - 1) / (numSteps - 1));
}
