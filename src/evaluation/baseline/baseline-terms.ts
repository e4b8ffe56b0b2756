import type { TextInput } from "../../base/text-input";
import type { LogisticRegressionOptions } from "./logistic-regression";
import type { SparseMatrix } from "./sparse-matrix";
import { TfidfVectorizer, type TfidfOptions } from "./tfidf-vectorizer";

/** Options of the baseline: terms, penalty and class weights. */
export interface BaselineOptions extends TfidfOptions {
  /** Names of the classes. @default ["NEGATIVE", "POSITIVE"] */
  readonly labels?: readonly string[];
  /** Inverse strength of the penalty. @default 10 */
  readonly C?: number;
  /**
   * Class weights, or "balanced"; with several labels per text those of texts without and with a label.
   * @default 1 for each class
   */
  readonly classWeight?: LogisticRegressionOptions["classWeight"];
  /**
   * Whether each term is multiplied by its log-count ratio of naive Bayes ({@link logCountRatios}), for two classes, or
   * for each label where a text may have several. On few texts that is often the better baseline.
   * @default false
   */
  readonly logCountRatios?: boolean;
}

/** Words and pairs of words that occur in two texts or more, with damped counts. */
export const BASELINE_TERMS = { ngramRange: [1, 2], minDf: 2, sublinearTf: true } as const;

/** Learns the baseline's terms from texts. A pair of texts counts as one text. */
export function baselineTerms(
  texts: readonly TextInput[],
  options: TfidfOptions,
): { readonly fitted: SparseMatrix; readonly transform: (texts: readonly TextInput[]) => SparseMatrix } {
  const whole = texts.map(joinedText);
  const vectorizer = new TfidfVectorizer({ ...BASELINE_TERMS, ...options }).fit(whole);
  return {
    fitted: vectorizer.transform(whole),
    transform: (others) => vectorizer.transform(others.map(joinedText)),
  };
}

/** A text as it is, a pair of texts as one text. */
export function joinedText(text: TextInput): string {
  return typeof text === "string" ? text : text.join("\n");
}
