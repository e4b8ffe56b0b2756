import { Problems } from "../../base/problems";
import { Random } from "../../base/random";
import { TsloraError } from "../../base/tslora-error";
import { Clusters } from "./clusters";
import { earliestPairs, type SimilarPair } from "./earliest-pairs";
import { Pause } from "./pause";

/** Options of {@link findSimilarEmbeddings}. */
export interface SimilarEmbeddingOptions {
  /** The cosine similarity from which two texts are similar, in (0, 1). @default 0.95 */
  readonly threshold?: number;
  /** The seed of the random planes. @default 1 */
  readonly seed?: number;
  /** Stops the search. */
  readonly signal?: AbortSignal;
  /** Called from time to time with the number of tables done and the total. */
  readonly onProgress?: (done: number, total: number) => void;
}

const DEFAULT_THRESHOLD = 0.95;
const DEFAULT_SEED = 1;
const TABLES = 24;
const PLANES = 12; // of each table; a pair of cosine 0.95 shares a bucket in some table with probability 0.9998

/**
 * Finds texts with nearly the same embedding. Texts on the same side of all random planes of a table share a bucket and
 * are candidates (Charikar, "Similarity estimation techniques from rounding algorithms", 2002); their cosine is exact.
 * The mean of all embeddings is subtracted first, since all embeddings of an encoder point in similar directions.
 *
 * @param embeddings - [texts][features]
 * @returns pairs that connect the groups of similar texts, each text with the earliest one that is similar to it
 * @throws TsloraError `bad-option` that lists every invalid option, `bad-input` if rows differ in length or a number is
 *   not finite.
 */
export async function findSimilarEmbeddings(
  embeddings: readonly ArrayLike<number>[],
  options: SimilarEmbeddingOptions = {},
): Promise<SimilarPair[]> {
  const { threshold = DEFAULT_THRESHOLD, seed = DEFAULT_SEED, signal, onProgress } = options;
  const problems = new Problems("findSimilarEmbeddings");
  checkSimilarEmbeddingOptions(problems, options);
  problems.throwIfAny();
  expectEmbeddings("findSimilarEmbeddings", embeddings);
  signal?.throwIfAborted();
  const units = centredUnits(embeddings);
  const pause = new Pause(signal);
  const random = new Random(seed);
  const clusters = new Clusters(units.length);
  const found: SimilarPair[] = [];
  const similarityOf = (first: number, second: number): number => Math.min(1, dot(units[first], units[second]));
  const width = units[0]?.length ?? 0;
  for (let table = 0; table < TABLES; table++) {
    const planes = Array.from({ length: PLANES }, () => Float64Array.from({ length: width }, () => random.normal()));
    const buckets = new Map<number, number[]>();
    for (const [row, unit] of units.entries()) {
      await pause.ifDue();
      const key = planes.reduce((bits, plane) => bits * 2 + (dot(unit, plane) > 0 ? 1 : 0), 0);
      const bucket = buckets.get(key) ?? [];
      buckets.set(key, bucket);
      for (const first of bucket) {
        if (clusters.find(first) === clusters.find(row)) continue;
        await pause.ifDue();
        const similarity = similarityOf(first, row);
        if (similarity < threshold) continue;
        clusters.join(first, row);
        found.push({ first, second: row, similarity });
      }
      bucket.push(row);
    }
    onProgress?.(table + 1, TABLES);
  }
  const pairs = await earliestPairs(found, { rows: units.length, threshold, similarityOf, pause });
  return pairs.sort((a, b) => a.second - b.second || a.first - b.first);
}

/**
 * Adds a problem for each option of {@link SimilarEmbeddingOptions} out of range.
 *
 * @param prefix - what precedes the options' names
 */
export function checkSimilarEmbeddingOptions(problems: Problems, options: SimilarEmbeddingOptions, prefix = ""): void {
  const { threshold = DEFAULT_THRESHOLD, seed = DEFAULT_SEED } = options;
  problems.expect(
    threshold > 0 && threshold < 1,
    `${prefix}threshold must be a number between 0 and 1; got ${String(threshold)}`,
  );
  problems.expect(Number.isSafeInteger(seed), `${prefix}seed must be a whole number; got ${String(seed)}`);
}

/** @throws TsloraError `bad-input` if rows differ in length or a number is not finite. */
export function expectEmbeddings(where: string, embeddings: readonly ArrayLike<number>[]): void {
  const width = embeddings[0]?.length ?? 0;
  for (const [row, values] of embeddings.entries())
    if (values.length !== width || !Array.from(values).every(Number.isFinite))
      throw new TsloraError(
        "bad-input",
        `${where}: each embedding must be ${width} finite numbers; got ${values.length} numbers, or one that is not finite, in row ${row}.`,
      );
}

/** Rows of length 1 after the mean is subtracted; a row that equals the mean is 0. */
function centredUnits(embeddings: readonly ArrayLike<number>[]): Float64Array[] {
  const width = embeddings[0]?.length ?? 0;
  const mean = new Float64Array(width);
  for (const values of embeddings) for (let i = 0; i < width; i++) mean[i] += values[i] / embeddings.length;
  return embeddings.map((values) => {
    const centred = mean.map((value, i) => values[i] - value);
    const length = Math.sqrt(dot(centred, centred));
    return length === 0 ? centred : centred.map((value) => value / length);
  });
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}
