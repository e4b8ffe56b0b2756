import { epochSteps } from "./batches";
import type { ResolvedTrainOptions } from "./train-options";

/**
 * The optimizer steps of one of a run's epochs, counted from 0: of each step the micro-batches, as lists of indices.
 */
export function stepsOfEpoch(lengths: readonly number[], options: ResolvedTrainOptions, epoch: number): number[][][] {
  const {
    perDeviceTrainBatchSize: batchSize,
    gradientAccumulationSteps,
    seed,
    trainSamplingStrategy: strategy,
  } = options;
  return epochSteps(lengths, { batchSize, gradientAccumulationSteps, seed, epoch, strategy });
}
