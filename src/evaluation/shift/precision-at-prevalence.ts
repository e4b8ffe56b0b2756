import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import type { Evaluation } from "../evaluation";
import { DEFAULT_CONFIDENCE, expectConfidence, type Interval } from "../intervals/interval";
import { wilsonInterval } from "../intervals/wilson-interval";

/** Counts of a test set, of one class against the rest. */
export interface BinaryCounts {
  readonly truePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
  readonly falsePositives: number;
}

/** Precision at one share of positive texts. */
export interface PrecisionAtPrevalence {
  /** The share of positive texts where the classifier is used. */
  readonly prevalence: number;
  /** The share of positive texts among those that are predicted positive; null if none would be. */
  readonly precision: number | null;
  /** Its range over the intervals of sensitivity and specificity. */
  readonly precisionInterval: Interval | null;
  /** The share of negative texts among those that are predicted negative; null if none would be. */
  readonly negativePredictiveValue: number | null;
  /** Number of texts of 1,000 that are predicted positive. */
  readonly flaggedPerThousand: number;
  /** Number of texts of 1,000 that are positive and predicted positive. */
  readonly foundPerThousand: number;
}

/** Options of {@link precisionAtPrevalence}. */
export interface PrevalenceOptions {
  /** Shares of positive texts, from 0 to 1. @default 15 shares from 0.001 to 0.5 */
  readonly prevalences?: readonly number[];
  /** Confidence level of the intervals. @default 0.95 */
  readonly confidence?: number;
}

/** Sensitivity and specificity of a test set, and the precision that follows at other shares of positive texts. */
export interface PrevalenceCurve {
  readonly sensitivity: number;
  readonly sensitivityInterval: Interval;
  readonly specificity: number;
  readonly specificityInterval: Interval;
  /** The share of positive texts in the test set. */
  readonly testPrevalence: number;
  readonly points: readonly PrecisionAtPrevalence[];
}

const PREVALENCES = [0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5];

/**
 * Precision at other shares of positive texts than the test set's, from sensitivity and specificity by Bayes' rule
 * (Altman and Bland, "Diagnostic tests 2: predictive values", 1994). If precision is 0.9 where half of the texts are
 * positive, it may be 0.1 where one in a hundred is. The interval combines the lower ends, and the upper ends, of
 * Wilson's intervals of sensitivity and specificity, so that it is wider than its level requires.
 *
 * @throws TsloraError `bad-option` for a prevalence outside 0 to 1, `bad-input` if there is no positive or no negative
 *   text.
 */
export function precisionAtPrevalence(counts: BinaryCounts, options: PrevalenceOptions = {}): PrevalenceCurve {
  const { prevalences = PREVALENCES, confidence = DEFAULT_CONFIDENCE } = options;
  const problems = new Problems("precisionAtPrevalence");
  for (const share of prevalences)
    problems.expect(share >= 0 && share <= 1, `prevalences must be from 0 to 1; got ${share}`);
  expectConfidence(problems, confidence);
  problems.throwIfAny();
  const { truePositives, falseNegatives, trueNegatives, falsePositives } = counts;
  const [positives, negatives] = [truePositives + falseNegatives, trueNegatives + falsePositives];
  if (!(positives > 0 && negatives > 0))
    throw new TsloraError(
      "bad-input",
      `precisionAtPrevalence: there must be positive and negative texts; got ${positives} and ${negatives}.`,
    );
  const sensitivityInterval = wilsonInterval(truePositives, positives, { confidence });
  const specificityInterval = wilsonInterval(trueNegatives, negatives, { confidence });
  const [sensitivity, specificity] = [truePositives / positives, trueNegatives / negatives];
  const points = prevalences.map((prevalence) => {
    const flagged = sensitivity * prevalence + (1 - specificity) * (1 - prevalence);
    const low = share(sensitivityInterval.low * prevalence, (1 - specificityInterval.low) * (1 - prevalence));
    const high = share(sensitivityInterval.high * prevalence, (1 - specificityInterval.high) * (1 - prevalence));
    return {
      prevalence,
      precision: share(sensitivity * prevalence, (1 - specificity) * (1 - prevalence)),
      precisionInterval:
        low === null && high === null
          ? null
          : { low: low ?? 0, high: high ?? 1, confidence, method: "wilson" as const },
      negativePredictiveValue: share(specificity * (1 - prevalence), (1 - sensitivity) * prevalence),
      flaggedPerThousand: 1000 * flagged,
      foundPerThousand: 1000 * sensitivity * prevalence,
    };
  });
  return {
    sensitivity,
    sensitivityInterval,
    specificity,
    specificityInterval,
    testPrevalence: positives / (positives + negatives),
    points,
  };
}

/** The counts of one class against the rest in an evaluation. */
export function countsOf(
  { labels, predictions }: Pick<Evaluation, "labels" | "predictions">,
  options: { readonly label?: number } = {},
): BinaryCounts {
  const label = options.label ?? (labels.length === 2 ? 1 : undefined);
  if (label === undefined || !(label in labels))
    throw new TsloraError(
      "bad-option",
      `countsOf: label must be a class from 0 to ${labels.length - 1} (${labels.join(", ")}); got ${label ?? "none"}.`,
    );
  const count = (isTrue: boolean, isPredicted: boolean): number =>
    predictions.filter(({ yTrue, yPred }) => (yTrue === label) === isTrue && (yPred === label) === isPredicted).length;
  return {
    truePositives: count(true, true),
    falseNegatives: count(true, false),
    trueNegatives: count(false, false),
    falsePositives: count(false, true),
  };
}

function share(part: number, rest: number): number | null {
  return part + rest === 0 ? null : part / (part + rest);
}
