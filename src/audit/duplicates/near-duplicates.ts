import { Problems } from "../../base/problems";
import type { TextInput } from "../../base/text-input";
import { normaliseInput } from "../../corpus/split/find-leaks";
import { NEAR_DUPLICATE_DEFAULTS } from "../audit-defaults";
import { Clusters } from "./clusters";
import { earliestPairs, type SimilarPair } from "./earliest-pairs";
import { bucketsOf, optimalBands, shareEarlierBand, type BandedSignatures } from "./lsh-bands";
import { MinHash, type MinHashOptions } from "./min-hash";
import { Pause } from "./pause";
import { jaccard, shinglesOfNormalised } from "./shingles";

/** Options of {@link findNearDuplicates}. */
export interface NearDuplicateOptions extends MinHashOptions {
  /** The Jaccard similarity of word shingles from which two texts are near-duplicates, in (0, 1). @default 0.8 */
  readonly threshold?: number;
  /** Words of a shingle. @default 3 */
  readonly shingleSize?: number;
  /** Stops the search. */
  readonly signal?: AbortSignal;
  /** Called from time to time with the number of texts done and the total. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Near-duplicates among texts. */
export interface NearDuplicates {
  /**
   * Pairs that connect the rows of each group. A row that is similar to some of the group's first hundred rows has a
   * pair with the earliest of them, and a copy also one with the first copy. Other pairs of a group may be similar,
   * too.
   */
  readonly pairs: readonly SimilarPair[];
  /** Groups of rows that similar pairs connect, in rising order. */
  readonly groups: readonly (readonly number[])[];
}

const CACHED = 4096; // texts whose shingles are kept for comparisons

/**
 * Finds texts that are equal or nearly equal (Broder, "On the resemblance and containment of documents", 1997). MinHash
 * signatures of word shingles are cut into bands, as in datasketch's `MinHashLSH`; texts that share a band are
 * candidates, and their Jaccard similarity is computed exactly. A similar pair becomes a candidate with high
 * probability, not with certainty. Time grows about linearly with the number of texts, unless many texts share long
 * parts without being similar. Memory is about 4 * numPerm bytes for each text.
 *
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export async function findNearDuplicates(
  texts: readonly TextInput[],
  options: NearDuplicateOptions = {},
): Promise<NearDuplicates> {
  const { signal, onProgress } = options;
  const problems = new Problems("findNearDuplicates");
  checkNearDuplicateOptions(problems, options);
  problems.throwIfAny();
  const { threshold, shingleSize, numPerm, seed } = withDefaults(options);
  signal?.throwIfAborted();
  const pause = new Pause(signal);
  const normalised = texts.map(normaliseInput);
  const clusters = new Clusters(texts.length);
  const copies: SimilarPair[] = [];
  const found: SimilarPair[] = []; // among distinct texts
  const add = (pairs: SimilarPair[], pair: SimilarPair): void => {
    clusters.join(pair.first, pair.second);
    pairs.push(pair);
  };
  const distinct = joinEqual(normalised, (first, second) => add(copies, { first, second, similarity: 1 }));

  const hasher = new MinHash({ numPerm, seed });
  const signatures = new Uint32Array(distinct.length * numPerm); // [distinct texts, numPerm]
  for (const [i, row] of distinct.entries()) {
    const into = signatures.subarray(i * numPerm, (i + 1) * numPerm);
    hasher.signature(shinglesOfNormalised(normalised[row], shingleSize), into);
    if (await pause.ifDue()) onProgress?.(i, texts.length);
  }

  const shinglesOf = cached((row) => shinglesOfNormalised(normalised[row], shingleSize));
  const similarityOf = (first: number, second: number): number => jaccard(shinglesOf(first), shinglesOf(second));
  const banded: BandedSignatures = { signatures, numPerm, bands: optimalBands(threshold, numPerm) };
  for (let band = 0; band < banded.bands.b; band++) {
    for (const bucket of bucketsOf(banded, band)) {
      for (const [a, b] of pairsOf(bucket)) {
        const [first, second] = [distinct[a], distinct[b]];
        if (clusters.find(first) === clusters.find(second) || shareEarlierBand(banded, [a, b], band)) continue;
        const similarity = similarityOf(first, second);
        if (similarity >= threshold) add(found, { first, second, similarity });
        await pause.ifDue();
      }
    }
    await pause.ifDue();
  }
  const near = await earliestPairs(found, { rows: texts.length, threshold, similarityOf, pause });
  const pairs = [...copies, ...near, ...pairsOfCopies(copies, near)];
  onProgress?.(texts.length, texts.length);
  return { pairs: pairs.sort((a, b) => a.second - b.second || a.first - b.first), groups: clusters.groups() };
}

/** The pairs of copies with the text that the first copy is like. */
function pairsOfCopies(copies: readonly SimilarPair[], near: readonly SimilarPair[]): SimilarPair[] {
  const ofFirst = new Map<number, SimilarPair>();
  for (const pair of near) if (!ofFirst.has(pair.second)) ofFirst.set(pair.second, pair);
  return copies.flatMap(({ first, second }) => {
    const pair = ofFirst.get(first);
    return pair === undefined ? [] : [{ ...pair, second }];
  });
}

function* pairsOf(bucket: readonly number[]): Generator<readonly [number, number]> {
  for (let i = 1; i < bucket.length; i++) for (let j = 0; j < i; j++) yield [bucket[j], bucket[i]];
}

/** Calls `found` for each text that equals an earlier one. Returns the other rows, without those of empty texts. */
function joinEqual(normalised: readonly string[], found: (first: number, second: number) => void): number[] {
  const firstOf = new Map<string, number>();
  const distinct: number[] = [];
  normalised.forEach((text, row) => {
    if (text === "") return;
    const first = firstOf.get(text);
    if (first === undefined) {
      firstOf.set(text, row);
      distinct.push(row);
    } else found(first, row);
  });
  return distinct;
}

/** Caches the results of `compute`; forgets all of them when there are too many. */
function cached<T>(compute: (key: number) => T): (key: number) => T {
  const kept = new Map<number, T>();
  return (key) => {
    const known = kept.get(key);
    if (known !== undefined) return known;
    if (kept.size >= CACHED) kept.clear();
    const value = compute(key);
    kept.set(key, value);
    return value;
  };
}

/**
 * Adds a problem for each option of {@link NearDuplicateOptions} out of range.
 *
 * @param prefix - what precedes the options' names
 */
export function checkNearDuplicateOptions(problems: Problems, options: NearDuplicateOptions, prefix = ""): void {
  const { threshold, shingleSize, numPerm, seed } = withDefaults(options);
  problems.expect(
    threshold > 0 && threshold < 1,
    `${prefix}threshold must be a number between 0 and 1; got ${String(threshold)}`,
  );
  problems.expect(
    Number.isSafeInteger(shingleSize) && shingleSize >= 1,
    `${prefix}shingleSize must be a whole number of at least 1; got ${String(shingleSize)}`,
  );
  problems.expect(
    Number.isSafeInteger(numPerm) && numPerm >= 2 && numPerm <= 1024,
    `${prefix}numPerm must be a whole number from 2 to 1024; got ${String(numPerm)}`,
  );
  problems.expect(
    Number.isSafeInteger(seed) && seed >= 0 && seed < 2 ** 32,
    `${prefix}seed must be a whole number from 0 to 4294967295; got ${String(seed)}`,
  );
}

function withDefaults({
  threshold = NEAR_DUPLICATE_DEFAULTS.threshold,
  shingleSize = NEAR_DUPLICATE_DEFAULTS.shingleSize,
  numPerm = NEAR_DUPLICATE_DEFAULTS.numPerm,
  seed = NEAR_DUPLICATE_DEFAULTS.seed,
}: NearDuplicateOptions): Required<Omit<NearDuplicateOptions, "signal" | "onProgress">> {
  return { threshold, shingleSize, numPerm, seed };
}
