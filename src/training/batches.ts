import { Random } from "../base/random";
import type { SamplingStrategy } from "./train-options";

/** Options of {@link epochBatches}. */
export interface BatchOptions {
  readonly batchSize: number;
  readonly seed: number;
  /** Counted from 0: each has a shuffle of its own. */
  readonly epoch: number;
  readonly strategy: SamplingStrategy;
}

/**
 * The batches of an epoch as lists of indices: every example once, in an order that the strategy, the seed and the
 * epoch decide. "sequential" takes them as they are given, in every epoch. With "group_by_length", shuffled examples
 * are sorted by length within groups of 50 batches, and the batches are shuffled again but for the longest, which comes
 * first, as transformers' LengthGroupedSampler does, so that memory runs out at once or not at all.
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
  const short = batches.findIndex((batch) => batch.length < batchSize); // the odd one stays last
  const last = short < 0 ? [] : batches.splice(short, 1);
  return [first, ...random.shuffle(batches), ...last];
}

/** The optimizer steps of an epoch: the same number of micro-batches each, the last perhaps fewer. */
export function epochSteps(
  lengths: readonly number[],
  options: BatchOptions & { readonly gradientAccumulationSteps: number },
): number[][][] {
  return chunks(epochBatches(lengths, options), options.gradientAccumulationSteps);
}

/**
 * Parts of a batch of at most `maxTokens` tokens each (a longer single text is a part of its own), of like size:
 * the longest text goes to the lightest part.
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
