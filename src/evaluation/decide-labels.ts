import { sigmoid } from "./sigmoid";

/**
 * The class of a text with one label: the one with the greatest score, the first of equal ones (`argmax`, as
 * scikit-learn's `predict` and transformers' examples).
 *
 * @param scores - logits, not probabilities: different logits may round to equal probabilities
 */
export function decideClass(scores: readonly number[]): number {
  return scores.indexOf(Math.max(...scores));
}

/**
 * The labels of a text that may have several, 1 or 0 for each. Without a threshold a text has the labels whose score is
 * above 0, so their probability is above 0.5 (scikit-learn's `OneVsRestClassifier`, transformers'
 * `run_classification.py`): a tie is no label, as the second of two equal classes is not predicted. A threshold is
 * {@link reaches reached} by equality.
 *
 * @param scores - logits
 */
export function decideLabels(scores: readonly number[], { threshold }: { threshold?: number } = {}): number[] {
  return scores.map((score) => Number(threshold === undefined ? score > 0 : reaches(sigmoid(score), threshold)));
}

/**
 * Whether a probability reaches a given threshold, that is, is greater or equal, as in scikit-learn's
 * `FixedThresholdClassifier` and its curves. Without a threshold the rules above decide.
 */
export function reaches(probability: number, threshold: number): boolean {
  return probability >= threshold;
}
