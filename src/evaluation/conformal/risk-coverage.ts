import { TsloraError } from "../../base/tslora-error";
import { decideClass } from "../decide-labels";
import type { Evaluation } from "../evaluation";

/** The error rate among the most confident texts, at every share of them. */
export interface RiskCoverageCurve {
  /** Share of texts that are labelled, ascending, up to 1; a point for each distinct confidence. */
  readonly coverage: readonly number[];
  /** Share of wrong labels among them. */
  readonly risk: readonly number[];
  /** The confidence that the last of them has. */
  readonly thresholds: readonly number[];
  /**
   * The area under the curve, AURC: the mean risk over all coverages; less is better. Texts of equal confidence count
   * in a random order.
   */
  readonly aurc: number;
  /** AURC minus that of the best order with the same accuracy; 0 if all wrong labels come last. */
  readonly excessAurc: number;
}

/**
 * The risk-coverage curve of a classifier that abstains on the texts of which it is least sure (Geifman and El-Yaniv,
 * "Selective classification for deep neural networks", 2017; AURC and its excess: Geifman et al., "Bias-reduced
 * uncertainty estimation for deep neural classifiers", 2019).
 *
 * @param confidence - how sure the classifier is, [samples]; of any scale
 * @param correct - whether the label is right, [samples]
 * @throws TsloraError `bad-input` if lengths differ, there is no sample, or a confidence is not a number.
 */
export function riskCoverageCurve(
  confidence: ArrayLike<number>,
  correct: ArrayLike<boolean | number>,
): RiskCoverageCurve {
  const n = confidence.length;
  if (n === 0 || correct.length !== n || Array.from(confidence).some(Number.isNaN))
    throw new TsloraError(
      "bad-input",
      `riskCoverageCurve: confidence and correct must be equally long lists without NaN; got ${n} and ${correct.length}.`,
    );
  const order = Array.from({ length: n }, (_, i) => i).sort((i, j) => confidence[j] - confidence[i]);
  const [coverage, risk, thresholds]: [number[], number[], number[]] = [[], [], []];
  let [wrong, area] = [0, 0];
  for (let start = 0; start < n;) {
    let end = start + 1;
    while (end < n && confidence[order[end]] === confidence[order[start]]) end++;
    const more = order.slice(start, end).filter((i) => !correct[i]).length;
    for (let at = start + 1; at <= end; at++) area += (wrong + (more * (at - start)) / (end - start)) / at;
    wrong += more;
    coverage.push(end / n);
    risk.push(wrong / end);
    thresholds.push(confidence[order[start]]);
    start = end;
  }
  let best = 0;
  for (let at = n - wrong + 1; at <= n; at++) best += (at - (n - wrong)) / at;
  return { coverage, risk, thresholds, aurc: area / n, excessAurc: (area - best) / n };
}

/** The confidences of an evaluation's most probable labels, and whether they are right. */
export function confidencesOf({ predictions }: Pick<Evaluation, "predictions">): {
  confidence: number[];
  correct: boolean[];
} {
  const predicted = predictions.map(({ probabilities }) => decideClass(probabilities));
  return {
    confidence: predictions.map(({ probabilities }, i) => probabilities[predicted[i]]),
    correct: predictions.map(({ yTrue }, i) => predicted[i] === yTrue),
  };
}
