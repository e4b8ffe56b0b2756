import { TsloraError } from "../../base/tslora-error";

/** A weight for each sample, as scikit-learn's `sample_weight`. */
export interface WeightOptions {
  /** The weight of each sample, a finite number; not all may be 0. @default 1 for each sample */
  readonly sampleWeight?: ArrayLike<number>;
}

/**
 * Checks sample weights.
 *
 * @returns undefined if no weights were given, for which scikit-learn counts in whole numbers
 * @throws TsloraError `bad-input` if there is not one finite number for each sample, or all are 0.
 */
export function readSampleWeight(
  where: string,
  sampleWeight: ArrayLike<number> | undefined,
  samples: number,
): Float64Array | undefined {
  if (sampleWeight === undefined) return undefined;
  if (sampleWeight.length !== samples)
    throw new TsloraError(
      "bad-input",
      `${where}: sampleWeight must hold a number for each of the ${samples} samples; got ${sampleWeight.length}.`,
    );
  const weights = Float64Array.from({ length: samples }, (_, i) => sampleWeight[i]);
  const bad = weights.findIndex((weight) => !Number.isFinite(weight));
  if (bad >= 0)
    throw new TsloraError(
      "bad-input",
      `${where}: sampleWeight must hold finite numbers; ${String(sampleWeight[bad])} is at index ${bad}.`,
    );
  if (weights.every((weight) => weight === 0))
    throw new TsloraError("bad-input", `${where}: at least one of sampleWeight must not be 0.`);
  return weights;
}
