import { epochSteps } from "./batches";
import type { ResolvedTrainOptions } from "../options/train-options";

/**
 * The optimizer steps of an epoch, counted from 0. Each step is a list of micro-batches, which are lists of indices.
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
