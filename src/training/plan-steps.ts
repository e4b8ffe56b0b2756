import type { ResolvedTrainOptions } from "./train-options";

/** How many steps a run takes and what happens at which. */
export interface StepPlan {
  readonly stepsPerEpoch: number;
  readonly totalSteps: number;
  readonly warmupSteps: number;
  readonly evaluateEvery: number;
  readonly saveEvery: number;
}

/** Counts steps as transformers does: shares are rounded up. */
export function planSteps(examples: number, options: ResolvedTrainOptions): StepPlan {
  const {
    perDeviceTrainBatchSize,
    gradientAccumulationSteps,
    numTrainEpochs,
    maxSteps,
    warmupSteps,
    warmupRatio,
    evalSteps,
    saveSteps,
  } = options;
  const stepsPerEpoch = Math.ceil(Math.ceil(examples / perDeviceTrainBatchSize) / gradientAccumulationSteps);
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
    // Of two shares the rounded steps need not be multiples of each other: evaluations are counted then.
    saveEvery:
      options.loadBestModelAtEnd && evalSteps < 1 && saveSteps < 1
        ? evaluateEvery * Math.max(1, Math.round(saveSteps / evalSteps))
        : every(saveSteps),
  };
}
