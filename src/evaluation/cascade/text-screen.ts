import type { TextInput } from "../../base/text-input";
import { joinedText } from "../baseline/baseline-terms";
import { tfidfRow, type FittedTerms } from "../baseline/tfidf-vectorizer";
import type { Cascade } from "./cascade";

/** Terms of the screen: words that occur in two texts or more, with damped counts. */
export const SCREEN_TERMS = { ngramRange: [1, 1], minDf: 2, sublinearTf: true } as const;

/** The TF-IDF model of a cascade. */
export type ScreenModel = Pick<Cascade, "ngramRange" | "terms" | "idf" | "coef" | "intercept">;

/** Scores texts by a cascade's TF-IDF model, one by one. */
export class TextScreen {
  readonly #cascade: Pick<Cascade, "positive" | "threshold">;
  readonly #score: (text: TextInput) => number;

  constructor(cascade: ScreenModel & Pick<Cascade, "positive" | "threshold">) {
    this.#cascade = cascade;
    this.#score = textScorer(cascade);
  }

  /** The log odds of the positive label; see {@link textScorer}. */
  score(text: TextInput): number {
    return this.#score(text);
  }

  /** Whether the encoder reads a text of this score. */
  passes(score: number): boolean {
    return score >= this.#cascade.threshold;
  }

  /** The TF-IDF model's own probabilities of the two labels. */
  probabilities(score: number): [first: number, second: number] {
    const positive = 1 / (1 + Math.exp(-score));
    return this.#cascade.positive === 1 ? [1 - positive, positive] : [positive, 1 - positive];
  }
}

/**
 * Returns the function that scores a text by a TF-IDF model: the log odds of the positive label, as
 * `LogisticRegression` gives them for `TfidfVectorizer`'s row.
 */
export function textScorer(model: ScreenModel): (text: TextInput) => number {
  const { intercept, ngramRange } = model;
  const { sublinearTf } = SCREEN_TERMS;
  const columnOf = new Map(model.terms.map((term, column) => [term, column]));
  const terms: FittedTerms = { ngramRange, sublinearTf, columnOf, idf: Float64Array.from(model.idf) };
  const coef = Float64Array.from(model.coef);
  return (text) => {
    const { cells, norm } = tfidfRow(joinedText(text), terms);
    let sum = 0;
    for (const [column, value] of cells) sum += value * coef[column];
    return intercept + (norm === 0 ? 0 : sum / norm);
  };
}
