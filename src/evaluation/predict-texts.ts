import type { TextInput } from "../base/text-input";
import type { Calibration } from "./calibration/calibration";
import type { Conformal } from "./conformal/conformal";
import { reaches } from "./decide-labels";
import { predict } from "./predict";
import type { TextClassifier } from "./text-classifier";

/** One text's prediction. */
export interface TextPrediction {
  /** Predicted labels: one, or any number if texts may have several; none where the classifier abstains. */
  readonly labels: readonly string[];
  /** Every label with its probability, the most probable first. */
  readonly ranked: readonly { readonly label: string; readonly score: number }[];
  /** By label, in the classifier's order. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** With `abstain`: the labels that cannot be excluded. */
  readonly set?: readonly string[];
}

/** Options of {@link predictTexts}. */
export interface PredictTextsOptions {
  readonly threshold?: number;
  readonly maxTokensPerPass?: number;
  /** Called after each pass with the number of texts done and the total. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Stops between passes. */
  readonly signal?: AbortSignal;
  readonly calibration?: Calibration | undefined;
  readonly abstain?: { readonly conformal: Conformal; readonly alpha: number } | undefined;
}

/**
 * Classifies texts. Predicts the most probable label, or with a threshold the second of two labels if its probability
 * reaches it. If a text may have several labels, predicts each that reaches the threshold; without one, each above
 * 0.5.
 */
export async function predictTexts(
  classifier: TextClassifier,
  texts: readonly TextInput[],
  options: PredictTextsOptions,
): Promise<TextPrediction[]> {
  const { threshold, ...predictOptions } = options;
  const predictions = await predict(classifier, texts, predictOptions);
  return predictions.map(({ label, labels, scores: ranked, set }) => {
    const byLabel = new Map(ranked.map((one) => [one.label, one.score]));
    const probabilities = Object.fromEntries(classifier.labels.map((name) => [name, byLabel.get(name) ?? NaN]));
    if (set !== undefined) return { labels: label === "" ? [] : [label], ranked, probabilities, set };
    if (threshold === undefined) return { labels: labels ?? [label], ranked, probabilities };
    const [first, second] = classifier.labels;
    const decided =
      labels !== undefined
        ? ranked.filter(({ score }) => reaches(score, threshold)).map((one) => one.label)
        : [reaches(probabilities[second], threshold) ? second : first];
    return { labels: decided, ranked, probabilities };
  });
}
