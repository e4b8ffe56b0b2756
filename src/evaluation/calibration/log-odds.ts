import { softmax } from "../softmax";

/**
 * The log-odds of each class against all others, ln(p / (1 - p)) of its softmax. They do not change if a number is
 * added to all logits. For two classes those of the second one are the difference of the logits.
 */
export function logOdds(logits: readonly number[], label: number): number {
  const others = logits.filter((_, other) => other !== label);
  return logits[label] - softmax(others).logSum;
}
