import type { ResolvedTrainOptions } from "../options/train-options";

/** Steps of a run, and the steps at which it evaluates and saves. */
export interface StepPlan {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly warmupSteps: number;
  readonly evaluateEvery: number;
  readonly saveEvery: number;
}

/** Optimizer steps of an epoch. The last one may have fewer examples. */
export function stepsPerEpochOf(
  examples: number,
  options: Pick<ResolvedTrainOptions, "perDeviceTrainBatchSize" | "gradientAccumulationSteps">,
): number {
  return Math.ceil(Math.ceil(examples / options.perDeviceTrainBatchSize) / options.gradientAccumulationSteps);
}

/** Counts steps as transformers does: fractions of steps are rounded up. */
export function planSteps(examples: number, options: ResolvedTrainOptions): StepPlan {
  const { numTrainEpochs, maxSteps, warmupSteps, warmupRatio, evalSteps, saveSteps } = options;
  const stepsPerEpoch = stepsPerEpochOf(examples, options);
  const totalSteps = maxSteps ?? Math.max(1, Math.ceil(numTrainEpochs * stepsPerEpoch));
  const every = (steps: number): number => (steps < 1 ? Math.max(1, Math.ceil(steps * totalSteps)) : steps);
  const evaluateEvery = every(evalSteps);
  return {
    stepsPerEpoch,
    totalSteps,
    warmupSteps:
      warmupSteps !== undefined && warmupSteps >= 1
        ? warmupSteps
        : Math.ceil((warmupSteps ?? warmupRatio ?? 0) * totalSteps),
    evaluateEvery,
    // If both are fractions, their rounded steps need not be multiples of each other, so evaluations are counted
    // instead.
    saveEvery:
      options.loadBestModelAtEnd && evalSteps < 1 && saveSteps < 1
        ? evaluateEvery * Math.max(1, Math.round(saveSteps / evalSteps))
        : every(saveSteps),
  };
}
