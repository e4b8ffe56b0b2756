import type { SequenceClassifier } from "../../classifier/sequence-classifier";
import { predictRows } from "../../evaluation/predict-rows";
import { softmax } from "../../evaluation/softmax";

/** One text's prediction. */
export interface TextPrediction {
  /** What was decided: one label, or of a classifier of several labels a text any number. */
  readonly labels: readonly string[];
  /** Every label with its probability, the likeliest first. */
  readonly ranked: readonly { readonly label: string; readonly score: number }[];
  /** By label, in the classifier's order. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/**
 * Classifies texts: the likeliest label by the softmax, or the second of two where its probability reaches the
 * threshold; of several labels a text each whose sigmoid reaches it, 0.5 by default.
 */
export async function predictTexts(classifier: SequenceClassifier, texts: readonly string[], options: { threshold?: number; maxTokensPerPass?: number }): Promise<TextPrediction[]> {
  const { threshold, maxTokensPerPass } = options;
  const { labels, problemType } = classifier;
  const several = problemType === "multi_label_classification";
  const rows = await predictRows("predict", classifier, { texts, ...(maxTokensPerPass === undefined ? {} : { maxTokensPerPass }) });
  return rows.map((row) => {
    const scores = several ? row.map((logit) => 1 / (1 + Math.exp(-logit))) : softmax(row).probabilities;
    const ranked = labels.map((label, i) => ({ label, score: scores[i] })).sort((a, b) => b.score - a.score);
    const decided = several
      ? ranked.filter(({ score }) => score >= (threshold ?? 0.5)).map(({ label }) => label)
      : [threshold === undefined ? ranked[0].label : labels[scores[1] >= threshold ? 1 : 0]];
    return { labels: decided, ranked, probabilities: Object.fromEntries(labels.map((label, i) => [label, scores[i]])) };
  });
}
