import type { EvaluatedText } from "../evaluation";

/** Whether each prediction is right. */
export function rightOnes(predictions: readonly Pick<EvaluatedText, "yTrue" | "yPred">[]): boolean[] {
  return predictions.map(({ yTrue, yPred }) => yTrue === yPred);
}
