/**
 * A cheap classifier in front of an expensive one: TF-IDF with logistic regression scores every text, and only those
 * that may be positive are read by the encoder. Plain JSON.
 */
export interface Cascade {
  /** The classifier's two labels. */
  readonly labels: readonly [string, string];
  /** Index of the label that must not be missed. */
  readonly positive: 0 | 1;
  /** A text is passed to the encoder if its score is at least this. */
  readonly threshold: number;
  /** The encoder's own threshold; undefined if it predicts the more probable label. */
  readonly encoderThreshold?: number | undefined;
  /** Digest of the calibration of the encoder's probabilities; undefined if they are not calibrated. */
  readonly encoderCalibration?: string | undefined;
  readonly recall: CascadeRecall;
  /** The least and the greatest number of words in a term. */
  readonly ngramRange: readonly [shortest: number, longest: number];
  /** Terms, their inverse document frequencies and coefficients, in the same order. */
  readonly terms: readonly string[];
  readonly idf: readonly number[];
  readonly coef: readonly number[];
  readonly intercept: number;
}

/** The screen's cost in recall, measured on texts that it was not trained on. */
export interface CascadeRecall {
  /**
   * Texts that count: positive texts that the encoder finds (`found`), or all positive texts if its predictions are not
   * known (`labelled`).
   */
  readonly counts: "found" | "labelled";
  /** Texts that count, and how many of them are not passed. */
  readonly positives: number;
  readonly missed: number;
  /**
   * `missed` / `positives`. With `found`, the encoder's recall falls by this share of its value; with `labelled`, by at
   * most this.
   */
  readonly loss: number;
  /**
   * One-sided upper bound of the loss, of Clopper and Pearson: it holds with probability `confidence` for new texts of
   * the same kind.
   */
  readonly lossBound: number;
  readonly confidence: number;
  /** Share of the negative texts that is passed. */
  readonly negativesPassed: number;
  readonly negatives: number;
  /** Texts of their own, or folds of the training texts, whose scores come from models without them. */
  readonly measuredOn: "validation" | "folds";
}

/**
 * The share of texts that the encoder reads, where a share of the texts is positive.
 *
 * @param share - of positive texts, from 0 to 1
 */
export function shareRead({ recall }: Pick<Cascade, "recall">, share: number): number {
  return share * (1 - recall.loss) + (1 - share) * recall.negativesPassed;
}
