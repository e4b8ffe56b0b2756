import type { PageFacts } from "../page-facts";

/** The labels of a text: the most probable one, or all that reach the threshold where a text may have several. */
export function decide(
  { labels, problemType }: Pick<PageFacts, "labels" | "problemType">,
  probabilities: readonly number[],
  threshold: number,
): string[] {
  if (problemType === "multi_label_classification") return labels.filter((_, i) => probabilities[i] > 0.5);
  if (labels.length === 2 && threshold !== 0.5) return [labels[Number(probabilities[1] >= threshold)]];
  return [labels[probabilities.indexOf(Math.max(...probabilities))]];
}
