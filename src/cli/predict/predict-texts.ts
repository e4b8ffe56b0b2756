import type { TextInput } from "../../base/text-input";
import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { reaches } from "../../evaluation/decide-labels";
import { predict } from "../../evaluation/predict";

/** One text's prediction. */
export interface TextPrediction {
  /** Predicted labels: one, or any number if texts may have several. */
  readonly labels: readonly string[];
  /** Every label with its probability, the most probable first. */
  readonly ranked: readonly { readonly label: string; readonly score: number }[];
  /** By label, in the classifier's order. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/**
 * Classifies texts. Predicts the most probable label, or with a threshold the second of two labels if its probability
 * reaches it. If a text may have several labels, predicts each that reaches the threshold; without one, each above
 * 0.5.
 */
export async function predictTexts(
  classifier: SequenceClassifier,
  texts: readonly TextInput[],
  options: { threshold?: number; maxTokensPerPass?: number },
): Promise<TextPrediction[]> {
  const { threshold, maxTokensPerPass } = options;
  const predictions = await predict(classifier, texts, { maxTokensPerPass });
  return predictions.map(({ label, labels, scores: ranked }) => {
    const byLabel = new Map(ranked.map((one) => [one.label, one.score]));
    const probabilities = Object.fromEntries(classifier.labels.map((name) => [name, byLabel.get(name) ?? NaN]));
    if (threshold === undefined) return { labels: labels ?? [label], ranked, probabilities };
    const [first, second] = classifier.labels;
    const decided =
      labels !== undefined
        ? ranked.filter(({ score }) => reaches(score, threshold)).map((one) => one.label)
        : [reaches(probabilities[second], threshold) ? second : first];
    return { labels: decided, ranked, probabilities };
  });
}
