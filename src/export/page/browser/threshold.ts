import type { TestScores } from "../page-facts";

/** Scores on the test texts with a threshold; undefined where they are not defined. */
export interface AtThreshold {
  readonly precision: number | undefined;
  readonly recall: number | undefined;
  /** Texts that reach the threshold. */
  readonly found: number;
  /** Texts of the second label. */
  readonly positives: number;
}

/** Precision and recall of the second label, for texts whose probability reaches the threshold. */
export function atThreshold({ scores, yTrue }: TestScores, threshold: number): AtThreshold {
  let [found, right, positives] = [0, 0, 0];
  scores.forEach((score, i) => {
    positives += yTrue[i];
    if (score < threshold) return;
    found++;
    right += yTrue[i];
  });
  return {
    precision: found === 0 ? undefined : right / found,
    recall: positives === 0 ? undefined : right / positives,
    found,
    positives,
  };
}
