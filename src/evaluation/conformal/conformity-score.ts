/** A nonconformity score: how poorly a label fits a text; see `FitConformalOptions`. */
export type ConformityScore = "lac" | "aps";

/** The nonconformity score of a label; a greater one fits worse. */
export function conformityScore(score: ConformityScore, probabilities: readonly number[], label: number): number {
  if (score === "lac") return 1 - probabilities[label];
  const ranked = probabilities.map((_, other) => other).sort((a, b) => probabilities[b] - probabilities[a]);
  let sum = 0;
  for (const other of ranked) {
    sum += probabilities[other];
    if (other === label) break;
  }
  return sum;
}
