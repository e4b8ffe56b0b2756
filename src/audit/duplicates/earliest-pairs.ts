import { Clusters } from "./clusters";
import type { Pause } from "./pause";

/** Two similar rows, `first` before `second`. */
export interface SimilarPair {
  readonly first: number;
  readonly second: number;
  /** From 0 to 1; 1 for the same words, or the same shingles. */
  readonly similarity: number;
}

/** The measure by which pairs were found. */
interface SimilarRows {
  /** Number of all rows. */
  readonly rows: number;
  readonly threshold: number;
  readonly similarityOf: (first: number, second: number) => number;
  readonly pause: Pause;
}

/** Earlier rows of its group that a row is compared with: with all of them, time would grow with a group's square. */
const MOST_COMPARED = 100;

/**
 * Replaces the pairs that connect each group: each row gets the pair with the earliest row of its group that is similar
 * to it, among the first hundred; a pair that was found stays where these leave parts of a group apart. A search by
 * buckets connects a group in any order, so a row might have a pair with later rows alone, and seem to be like no
 * earlier one.
 */
export async function earliestPairs(
  found: readonly SimilarPair[],
  { rows, threshold, similarityOf, pause }: SimilarRows,
): Promise<SimilarPair[]> {
  const clusters = new Clusters(rows);
  for (const { first, second } of found) clusters.join(first, second);
  const linked = new Clusters(rows);
  const kept: SimilarPair[] = [];
  for (const group of clusters.groups()) {
    for (const [i, second] of group.entries()) {
      for (let earlier = 0; earlier < Math.min(i, MOST_COMPARED); earlier++) {
        await pause.ifDue();
        const first = group[earlier];
        const similarity = similarityOf(first, second);
        if (similarity < threshold) continue;
        linked.join(first, second);
        kept.push({ first, second, similarity });
        break;
      }
    }
  }
  for (const pair of found) if (linked.join(pair.first, pair.second)) kept.push(pair);
  return kept;
}
