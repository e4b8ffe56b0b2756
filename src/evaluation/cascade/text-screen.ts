import type { TextInput } from "../../base/text-input";
import { BASELINE_TERMS, joinedText } from "../baseline/baseline-terms";
import { countTerms } from "../baseline/tfidf-vectorizer";
import type { Cascade } from "./cascade";

/** Scores texts by a cascade's TF-IDF model, one by one. */
export class TextScreen {
  readonly #cascade: Pick<Cascade, "intercept" | "positive" | "threshold">;
  readonly #columnOf: ReadonlyMap<string, number>;
  readonly #idf: Float64Array;
  readonly #coef: Float64Array;

  constructor(cascade: Pick<Cascade, "terms" | "idf" | "coef" | "intercept" | "positive" | "threshold">) {
    this.#cascade = cascade;
    this.#columnOf = new Map(cascade.terms.map((term, column) => [term, column]));
    this.#idf = Float64Array.from(cascade.idf);
    this.#coef = Float64Array.from(cascade.coef);
  }

  /** The log odds of the positive label, as `LogisticRegression` gives them for `TfidfVectorizer`'s row. */
  score(text: TextInput): number {
    let [sum, squares] = [0, 0];
    for (const [term, count] of countTerms(joinedText(text), BASELINE_TERMS.ngramRange)) {
      const column = this.#columnOf.get(term);
      if (column === undefined) continue;
      const value = (1 + Math.log(count)) * this.#idf[column];
      squares += value * value;
      sum += value * this.#coef[column];
    }
    return this.#cascade.intercept + (squares === 0 ? 0 : sum / Math.sqrt(squares));
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
