/** 1 / (1 + e^-x), without overflow. */
export function sigmoid(x: number): number {
  if (x >= 0) return 1 / (1 + Math.exp(-x));
  const power = Math.exp(x);
  return power / (1 + power);
}

/**
 * Binary cross entropy of a score with its label, 0 or 1, in nats: -ln sigmoid(x) or -ln(1 - sigmoid(x)), as torch's
 * BCEWithLogitsLoss.
 */
export function binaryCrossEntropy(x: number, label: number): number {
  return Math.max(x, 0) - x * label + Math.log1p(Math.exp(-Math.abs(x)));
}
