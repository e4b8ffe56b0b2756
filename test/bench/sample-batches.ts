import { epochBatches } from "../../src/training/data/batches";

/** An epoch's batches as `train` makes them, and what they come to. */
export interface EpochPlan {
  /** The seed that `train` is given. */
  readonly seed: number;
  /** Indices of examples. */
  readonly batches: readonly (readonly number[])[];
  /** Real tokens of each batch: what is computed here. */
  readonly tokens: readonly number[];
  /** Tokens of each batch when its texts are padded to its longest: what is computed there. */
  readonly padded: readonly number[];
}

const SEEDS_TRIED = 200;

/**
 * The epoch of a seed, chosen among some so that its batches `from` to `to` represent the whole: tokens, padding and
 * squared lengths of a batch are as near to the epoch's mean as they get.
 */
export function planEpoch(
  lengths: readonly number[],
  options: { seed: number; batchSize: number; groupByLength: boolean; from: number; to: number },
): EpochPlan {
  const { batchSize, groupByLength, from, to } = options;
  let best: { plan: EpochPlan; off: number } | undefined;
  for (let i = 0; i < SEEDS_TRIED; i++) {
    const seed = options.seed + i;
    const batches = epochBatches(lengths, {
      batchSize,
      seed,
      epoch: 0,
      strategy: groupByLength ? "group_by_length" : "random",
    });
    const sum = (batch: readonly number[], value: (length: number) => number): number =>
      batch.reduce((total, index) => total + value(lengths[index]), 0);
    const longest = (batch: readonly number[]): number => Math.max(...batch.map((index) => lengths[index]));
    const tokens = batches.map((batch) => sum(batch, (length) => length));
    const padded = batches.map((batch) => longest(batch) * batch.length);
    const squares = batches.map((batch) => sum(batch, (length) => length ** 2));
    const paddedSquares = batches.map((batch) => longest(batch) ** 2 * batch.length);
    const full = batches.map(({ length }) => length);
    const mean = (values: readonly number[], first: number, last: number): number =>
      total(values.slice(first, last)) / total(full.slice(first, last));
    const off = [tokens, padded, squares, paddedSquares].reduce(
      (worst, values) => Math.max(worst, Math.abs(mean(values, from, to) / mean(values, 0, batches.length) - 1)),
      0,
    );
    if (best === undefined || off < best.off) best = { plan: { seed, batches, tokens, padded }, off };
    if (from === 0 && to >= batches.length) break; // the whole represents itself
  }
  if (best === undefined) throw new TypeError("No seed was tried.");
  return best.plan;
}

export function total(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/**
 * Deals sorted batches to rounds so that each has short, middle and long ones: those it has are spread over all
 * lengths.
 */
export function dealBatches(
  batches: readonly number[][],
  { rounds, aRound }: { rounds: number; aRound: number },
): number[][][] {
  const wanted = Math.min(batches.length, rounds * aRound);
  const chosen = Array.from({ length: wanted }, (_, i) => batches[Math.floor(((i + 0.5) * batches.length) / wanted)]);
  return Array.from({ length: rounds }, (_, round) =>
    chosen.filter((_, i) => i % rounds === (Math.floor(i / rounds) % 2 === 0 ? round : rounds - 1 - round)),
  );
}
