import type { IsotonicCurve } from "./calibration";

const SAME = 1e-15; // scores that are nearer than this count as equal, as in scikit-learn

interface Block {
  readonly weight: number;
  readonly value: number;
  readonly points: number;
}

/**
 * The rising step function nearest to the outcomes, as scikit-learn's `IsotonicRegression` (Zadrozny and Elkan,
 * "Transforming classifier scores into accurate multiclass probability estimates", 2002): equal scores are averaged,
 * and neighbours that fall are pooled (Best and Chakravarti, 1990).
 *
 * @param positive - 1 for a sample of the class, else 0
 */
export function fitIsotonic(scores: readonly number[], positive: readonly number[]): IsotonicCurve {
  const order = scores.map((_, i) => i).sort((i, j) => scores[i] - scores[j] || positive[i] - positive[j]);
  const points: { x: number; sum: number; weight: number }[] = [];
  for (const i of order) {
    const last = points.at(-1);
    if (last !== undefined && scores[i] - last.x < SAME) {
      last.sum += positive[i];
      last.weight++;
    } else points.push({ x: scores[i], sum: positive[i], weight: 1 });
  }
  const blocks: Block[] = [];
  for (const { sum, weight } of points) {
    let block: Block = { value: sum / weight, weight, points: 1 };
    for (let last = blocks.at(-1); last !== undefined && last.value >= block.value; last = blocks.at(-1)) {
      blocks.pop();
      const total = last.weight + block.weight;
      block = {
        value: (last.weight * last.value + block.weight * block.value) / total,
        weight: total,
        points: last.points + block.points,
      };
    }
    blocks.push(block);
  }
  const y = blocks.flatMap(({ value, points: count }) => Array.from({ length: count }, () => value));
  const kept = y
    .map((_, i) => i)
    .filter((i) => i === 0 || i === y.length - 1 || y[i] !== y[i - 1] || y[i] !== y[i + 1]);
  return { x: kept.map((i) => points[i].x), y: kept.map((i) => y[i]) };
}

/** The value of a step function at a score, interpolated between points; beyond them the nearest end's. */
export function isotonicAt({ x, y }: IsotonicCurve, score: number): number {
  const last = x.length - 1;
  if (score <= x[0]) return y[0];
  if (score >= x[last]) return y[last];
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= score) low = middle;
    else high = middle;
  }
  return y[low] + ((y[high] - y[low]) / (x[high] - x[low])) * (score - x[low]);
}
