import type { ProblemType } from "../../../model/encoder-config";
import type { MetricName } from "../../../training/options/train-options";
import { validationMetrics } from "../../../training/validation/validation-metrics";
import type { ScoredTexts } from "../trial/train-trial-job";

/** The way in which scores are computed from logits. */
export interface ScoreOptions {
  readonly metric: MetricName;
  readonly problemType: ProblemType;
}

/**
 * The metric of some of the texts, as training computes it. A loss is the plain cross entropy.
 *
 * @param indices - the texts' rows; a row may occur several times. @default all
 */
export function scoreTexts(
  { labels, logits }: ScoredTexts,
  { metric, problemType }: ScoreOptions,
  indices: ArrayLike<number> = labels.map((_, row) => row),
): number {
  const rows = Array.from(indices);
  const flat = Float32Array.from(rows.flatMap((row) => [...logits[row]]));
  const { metrics } = validationMetrics(flat, {
    classes: logits[0].length,
    labels: rows.map((row) => labels[row]),
    loss: { problemType, labelSmoothing: 0, focalGamma: 0 },
  });
  return metrics[metric] ?? NaN;
}
