import type { PrefixSource } from "../../classifier/predict-options";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import type { DropoutSource } from "../../model/parts/dropout";
import { Gradients } from "../../model/parts/gradients";
import { batchGradients, type TrainingDocuments } from "./batch-gradients";
import type { ClassificationLoss } from "../loss/classification-loss";
import type { AdamW } from "../optimizer/adamw";
import type { CheckStep, SentStep } from "./pending-steps";
import { numbersOnDevice, readNumbers } from "./step-numbers";
import type { ResolvedTrainOptions } from "../options/train-options";
import { trainingPrecision } from "./training-precision";

/** An optimizer step before it is sent to the device. */
export interface PlannedStep {
  /** Counted from 1. */
  readonly step: number;
  /** Epochs done after the step, as a fraction. */
  readonly epoch: number;
  readonly learningRate: number;
  /** Indices of examples. */
  readonly microBatches: readonly (readonly number[])[];
}

/** Inputs that all steps of a run have in common. */
export interface StepOptions {
  readonly optimizer: AdamW;
  readonly data: TrainingDocuments;
  readonly loss: ClassificationLoss;
  readonly dropout: DropoutSource;
  readonly options: Pick<
    ResolvedTrainOptions,
    "bf16" | "frozenPrefixDropout" | "loggingSteps" | "maxGradNorm" | "maxTokensPerPass"
  >;
  /** Results of the frozen layers, if they are cached; read at each step. */
  readonly prefixCache?: () => PrefixSource | undefined;
  /** Throws if a step's numbers show that the run must stop. */
  readonly check: CheckStep;
}

/** Takes the optimizer steps of a run. */
export class TrainingStep {
  readonly #classifier: SequenceClassifier;
  readonly #common: StepOptions;

  constructor(classifier: SequenceClassifier, common: StepOptions) {
    this.#classifier = classifier;
    this.#common = common;
  }

  /**
   * Computes gradients, clips them and updates the weights. With `loggingSteps` 1, the step's numbers are read and
   * checked before the update. Otherwise nothing waits for the device, and the numbers are checked when they are read.
   *
   * @returns the step; the caller owns its tensors
   */
  async send(planned: PlannedStep): Promise<SentStep> {
    const startedAt = performance.now();
    const { ops } = this.#classifier.model;
    const { optimizer, data, loss, dropout, options, check, prefixCache } = this.#common;
    const { microBatches, ...facts } = planned;
    const batch = microBatches.flat();
    const tokens = batch.reduce((sum, index) => sum + data.lengths[index], 0);
    const gradients = new Gradients(ops);
    ops.recording?.flush(); // what an earlier failure left
    try {
      const losses = await batchGradients(this.#classifier, {
        microBatches,
        data,
        loss,
        dropout,
        precision: trainingPrecision(ops, options),
        frozenDropout: options.frozenPrefixDropout,
        prefixCache: prefixCache?.(),
        maxTokensPerPass: options.maxTokensPerPass,
        gradients,
      });
      optimizer.prepare(gradients.parameters());
      const inputs = { ops, losses, gradients: optimizer.joined(gradients), maxNorm: options.maxGradNorm };
      const { numbers, scale } = options.loggingSteps === 1 ? await readNumbers(inputs) : numbersOnDevice(inputs);
      if (numbers.kind === "read") check({ ...numbers, batch, step: facts.step });
      optimizer.step(gradients, { learningRate: facts.learningRate, gradientScale: scale });
      if (typeof scale !== "number") ops.dispose(scale);
      return { ...facts, batch, tokens, startedAt, numbers };
    } finally {
      gradients.dispose();
      ops.recording?.flush();
    }
  }
}
