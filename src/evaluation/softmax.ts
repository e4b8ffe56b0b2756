/**
 * Probabilities of scores, and ln(sum of exp(scores)), without overflow. The cross entropy of class k is `logSum -
 * scores[k]`.
 */
export function softmax(scores: readonly number[]): { probabilities: number[]; logSum: number } {
  const max = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - max));
  const sum = powers.reduce((a, b) => a + b, 0);
  return { probabilities: powers.map((power) => power / sum), logSum: max + Math.log(sum) };
}
