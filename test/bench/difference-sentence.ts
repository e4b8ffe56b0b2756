/**
 * A sentence on a difference of accuracy over seeds, and whether it is within its bar.
 *
 * @param difference - the difference for each seed, of shares; below 0 is worse
 * @param mostPoints - the points of accuracy that may be lost on average
 */
export function differenceSentence(
  what: string,
  { difference, mostPoints }: { readonly difference: readonly number[]; readonly mostPoints: number },
): string {
  const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
  const points = difference.map((share) => 100 * share);
  const centre = mean(points);
  const error = Math.sqrt(mean(points.map((one) => (one - centre) ** 2)) / Math.max(1, points.length - 1));
  const held = centre >= -mostPoints - 1e-9; // shares of texts are rounded numbers
  return (
    `${what}: ${centre.toFixed(2)} points of accuracy (standard error ${error.toFixed(2)}, ${points.length} seeds); the bar ` +
    `is at most ${mostPoints} less, ${held ? "held" : "NOT HELD"}.`
  );
}
