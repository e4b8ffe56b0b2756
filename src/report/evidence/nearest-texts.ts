import type { TextInput } from "../../base/text-input";
import { encoderFeatures } from "../../classifier/encoder-features";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { baselineTerms } from "../../evaluation/baseline/baseline-terms";
import type { SparseMatrix } from "../../evaluation/baseline/sparse-matrix";

/** A known text and its similarity. */
export interface Neighbour {
  /** The row of the known text. */
  readonly row: number;
  /** The cosine of the two texts' features, -1 to 1. */
  readonly similarity: number;
}

/** Options of {@link nearestTexts}. */
export interface NearestOptions {
  /** The encoder that gives the features. @default none: TF-IDF of words and pairs of words */
  readonly classifier?: SequenceClassifier;
  /** Neighbours of each text. @default 3 */
  readonly k?: number;
  /** Stops the passes of the encoder. */
  readonly signal?: AbortSignal;
}

/**
 * Finds the known texts that are most similar to given ones, by the cosine of the encoder's features, or of TF-IDF.
 *
 * @returns the neighbours of each text, the most similar first; equally similar ones in the order of `known`
 */
export async function nearestTexts(
  texts: readonly TextInput[],
  known: readonly TextInput[],
  { classifier, k = 3, signal }: NearestOptions = {},
): Promise<Neighbour[][]> {
  if (texts.length === 0 || known.length === 0) return texts.map(() => []);
  const [given, others] =
    classifier === undefined
      ? tfidfRows(texts, known)
      : [
          unitRows(await encoderFeatures(classifier, texts, { signal })),
          unitRows(await encoderFeatures(classifier, known, { signal })),
        ];
  return given.map((row) =>
    others
      .map((other, at) => ({ row: at, similarity: dot(row, other) }))
      .sort((a, b) => b.similarity - a.similarity || a.row - b.row)
      .slice(0, k),
  );
}

/** Features by column; columns without a value are 0. */
type Row = ReadonlyMap<number, number> | Float64Array;

function tfidfRows(texts: readonly TextInput[], known: readonly TextInput[]): readonly [Row[], Row[]] {
  const { fitted, transform } = baselineTerms(known, { minDf: 1 });
  return [sparseRows(transform(texts)), sparseRows(fitted)];
}

function sparseRows({ shape, indptr, indices, data }: SparseMatrix): Row[] {
  return Array.from({ length: shape[0] }, (_, row) => {
    const cells = new Map<number, number>();
    for (let k = indptr[row]; k < indptr[row + 1]; k++) cells.set(indices[k], data[k]);
    return cells;
  });
}

/** Rows of length 1. */
function unitRows(rows: readonly ArrayLike<number>[]): Row[] {
  return rows.map((values) => {
    const row = Float64Array.from(values);
    const length = Math.hypot(...row);
    return length === 0 ? row : row.map((value) => value / length);
  });
}

function dot(one: Row, other: Row): number {
  let sum = 0;
  if (one instanceof Float64Array || other instanceof Float64Array) {
    if (one instanceof Float64Array && other instanceof Float64Array)
      for (let i = 0; i < one.length; i++) sum += one[i] * other[i];
  } else for (const [column, value] of one) sum += value * (other.get(column) ?? 0);
  return Math.max(-1, Math.min(1, sum));
}
