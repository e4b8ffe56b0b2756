import { compareCodePoints } from "../../base/compare-code-points";
import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { sparseMatrix, type SparseMatrix } from "./sparse-matrix";

/** Options of {@link TfidfVectorizer}, with scikit-learn's names in camelCase. */
export interface TfidfOptions {
  /** The lengths of the shortest and the longest n-grams. @default [1, 1] */
  readonly ngramRange?: readonly [shortest: number, longest: number];
  /** Terms in fewer texts than this are left out. @default 1 */
  readonly minDf?: number;
  /** Whether a term's count is damped to 1 + ln(count). @default false */
  readonly sublinearTf?: boolean;
}

// scikit-learn's `(?u)\b\w\w+\b`: Python's \w is letters, numbers and the underscore, without combining marks.
const WORD = /[\p{L}\p{N}_]{2,}/gu;

/**
 * Converts texts to weighted counts of their terms, as scikit-learn's `TfidfVectorizer`: lower case, words of two
 * characters or more, smoothed inverse document frequencies ln((1 + n) / (1 + df)) + 1, rows of norm 1.
 */
export class TfidfVectorizer {
  readonly #options: Required<TfidfOptions>;
  #columnOf = new Map<string, number>();
  #idf: Float64Array = new Float64Array();

  /** @throws TsloraError `bad-option` that lists every bad option. */
  constructor(options: TfidfOptions = {}) {
    this.#options = {
      ngramRange: options.ngramRange ?? [1, 1],
      minDf: options.minDf ?? 1,
      sublinearTf: options.sublinearTf ?? false,
    };
    const { ngramRange, minDf } = this.#options;
    const [shortest, longest] = ngramRange;
    const problems = new Problems("TfidfVectorizer");
    problems.expect(
      Number.isSafeInteger(shortest) && Number.isSafeInteger(longest) && shortest >= 1 && longest >= shortest,
      `ngramRange must be two whole numbers from 1 up, the smaller first; got [${ngramRange.join(", ")}]`,
    );
    problems.expect(
      Number.isSafeInteger(minDf) && minDf >= 1,
      `minDf must be a whole number of at least 1; got ${minDf}`,
    );
    problems.throwIfAny();
  }

  /** The terms in the order of the columns. */
  get featureNames(): string[] {
    return [...this.#columnOf.keys()];
  }

  /** The inverse document frequencies, in the order of the columns. */
  get idf(): Float64Array {
    return this.#idf;
  }

  /**
   * Learns the terms and their document frequencies.
   *
   * @throws TsloraError `bad-input` if no term is left.
   */
  fit(texts: readonly string[]): this {
    const frequency = new Map<string, number>();
    for (const text of texts)
      for (const term of countTerms(text, this.#options.ngramRange).keys())
        frequency.set(term, (frequency.get(term) ?? 0) + 1);
    const { minDf } = this.#options;
    const terms = [...frequency].filter(([, df]) => df >= minDf).sort(([a], [b]) => compareCodePoints(a, b));
    if (terms.length === 0) {
      throw new TsloraError(
        "bad-input",
        `TfidfVectorizer: no term occurs in ${minDf} or more of the ${texts.length} texts (${frequency.size} terms in all). Pass more texts or a smaller minDf.`,
      );
    }
    this.#columnOf = new Map(terms.map(([term], column) => [term, column]));
    this.#idf = Float64Array.from(terms, ([, df]) => Math.log((1 + texts.length) / (1 + df)) + 1);
    return this;
  }

  /** Converts texts to rows over the terms that `fit` learned; other terms are left out. [texts, terms] */
  transform(texts: readonly string[]): SparseMatrix {
    const terms: FittedTerms = { ...this.#options, columnOf: this.#columnOf, idf: this.#idf };
    const rows = texts.map((text) => {
      const { cells, norm } = tfidfRow(text, terms);
      return cells.map(([column, value]): [number, number] => [column, value / norm]).sort(([a], [b]) => a - b);
    });
    return sparseMatrix(rows, this.#idf.length);
  }
}

/** Terms that were learned, and how they are counted and weighted. */
export interface FittedTerms extends Required<Pick<TfidfOptions, "ngramRange" | "sublinearTf">> {
  readonly columnOf: ReadonlyMap<string, number>;
  /** The inverse document frequencies, in the order of the columns. */
  readonly idf: Float64Array;
}

/** A text's weighted counts, in the order in which its terms first occur, before they are divided by their norm. */
export interface TfidfRow {
  readonly cells: readonly (readonly [column: number, value: number])[];
  /** 0 if the text has none of the terms. */
  readonly norm: number;
}

/** The weighted counts of a text's terms; other terms are left out. */
export function tfidfRow(text: string, { columnOf, idf, sublinearTf, ngramRange }: FittedTerms): TfidfRow {
  const cells: [number, number][] = [];
  let squares = 0;
  for (const [term, count] of countTerms(text, ngramRange)) {
    const column = columnOf.get(term);
    if (column === undefined) continue;
    const value = (sublinearTf ? 1 + Math.log(count) : count) * idf[column];
    squares += value * value;
    cells.push([column, value]);
  }
  return { cells, norm: Math.sqrt(squares) };
}

/** Counts of the terms, of one word or more, in a text. */
function countTerms(text: string, [shortest, longest]: readonly [number, number]): Map<string, number> {
  const words = text.toLowerCase().match(WORD) ?? [];
  const counts = new Map<string, number>();
  for (let start = 0; start < words.length; start++) {
    let term = "";
    for (let length = 1; length <= longest && start + length <= words.length; length++) {
      term = length === 1 ? words[start] : `${term} ${words[start + length - 1]}`;
      if (length >= shortest) counts.set(term, (counts.get(term) ?? 0) + 1);
    }
  }
  return counts;
}
