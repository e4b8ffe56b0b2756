import { formatNumber } from "../format";
import type { EvaluationLike } from "./training-event";

/** The best evaluation in words: the metric that chose it, its value and step. */
export function bestStepText({
  metricForBestModel: name = "accuracy",
  metrics,
  accuracy,
  loss,
  step,
}: EvaluationLike): string {
  const value = metrics?.[name] ?? { accuracy, loss }[name] ?? NaN;
  return `best: ${name} ${formatNumber(value, 3)} at step ${formatNumber(step)}`;
}
