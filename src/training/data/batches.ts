import { Random } from "../../base/random";
import type { SamplingStrategy } from "../options/train-options";

/** Options of {@link epochBatches}. */
export interface BatchOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Counted from 0. Each epoch is shuffled differently. */
  readonly epoch: number;
  readonly strategy: SamplingStrategy;
}

/**
 * The batches of an epoch as lists of indices. Every example occurs once; strategy, seed and epoch decide the order.
 * "sequential" keeps the given order in every epoch. "group_by_length" shuffles the examples, sorts them by length
 * within groups of 50 batches, and shuffles the batches. As in transformers' LengthGroupedSampler, the batch with the
 * longest text comes first: if memory runs out, it does so at once.
 */
export function epochBatches(lengths: readonly number[], options: BatchOptions): number[][] {
  const { batchSize, seed, epoch, strategy } = options;
  const given = lengths.map((_, index) => index);
  if (strategy === "sequential") return chunks(given, batchSize);
  const random = new Random(seed).fork(`epoch ${epoch}`);
  const shuffled = random.shuffle(given);
  if (strategy === "random") return chunks(shuffled, batchSize);
  const sorted = chunks(shuffled, 50 * batchSize).flatMap((group) => group.sort((a, b) => lengths[b] - lengths[a]));
  const batches = chunks(sorted, batchSize);
  const longest = batches.reduce((best, batch, i) => (lengths[batch[0]] > lengths[batches[best][0]] ? i : best), 0);
  const [first] = batches.splice(longest, 1);
  const short = batches.findIndex((batch) => batch.length < batchSize); // an incomplete batch stays last
  const last = short < 0 ? [] : batches.splice(short, 1);
  return [first, ...random.shuffle(batches), ...last];
}

/** Groups micro-batches into the optimizer steps of an epoch. The last step may have fewer micro-batches. */
export function epochSteps(
  lengths: readonly number[],
  options: BatchOptions & { readonly gradientAccumulationSteps: number },
): number[][][] {
  return chunks(epochBatches(lengths, options), options.gradientAccumulationSteps);
}

/**
 * Divides a batch into parts of similar size, with at most `maxTokens` tokens each; a longer text is a part of its own.
 * Each text, the longest first, goes to the smallest part.
 */
export function splitByTokens(
  batch: readonly number[],
  options: { lengths: readonly number[]; maxTokens: number },
): number[][] {
  const { lengths, maxTokens } = options;
  const total = batch.reduce((sum, index) => sum + lengths[index], 0);
  for (let count = Math.ceil(total / maxTokens); ; count++) {
    const parts = Array.from({ length: Math.min(count, batch.length) }, () => ({ tokens: 0, indices: [] as number[] }));
    for (const index of [...batch].sort((a, b) => lengths[b] - lengths[a])) {
      const lightest = parts.reduce((best, part) => (part.tokens < best.tokens ? part : best));
      lightest.tokens += lengths[index];
      lightest.indices.push(index);
    }
    if (count >= batch.length || parts.every(({ tokens }) => tokens <= maxTokens))
      return parts.map(({ indices }) => indices);
  }
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
