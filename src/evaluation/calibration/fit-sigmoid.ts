import { binaryCrossEntropy, sigmoid } from "../sigmoid";
import { mean } from "../metrics/mean";
import type { SigmoidCurve } from "./calibration";

const STEPS = 100;
const FLAT = 1e-12; // the search ends when the gradient is at most this

/**
 * Platt's sigmoid of scores, with his smoothed targets (Platt, "Probabilistic outputs for support vector machines",
 * 1999), as scikit-learn's `_SigmoidCalibration`: slope and intercept by Newton's method, with halved steps (Lin, Lin
 * and Weng, "A note on Platt's probabilistic outputs for support vector machines", 2007).
 *
 * @param positive - 1 for a sample of the class, else 0
 */
export function fitSigmoid(scores: readonly number[], positive: readonly number[]): SigmoidCurve {
  const positives = positive.reduce((sum, one) => sum + one, 0);
  const negatives = positive.length - positives;
  const targets = positive.map((one) => (one === 1 ? (positives + 1) / (positives + 2) : 1 / (negatives + 2)));
  const centre = mean(scores);
  const spread = Math.sqrt(mean(scores.map((score) => (score - centre) ** 2)));
  const x = scores.map((score) => (spread > 0 ? (score - centre) / spread : 0));
  let [slope, intercept] = [0, Math.log((positives + 1) / (negatives + 1))];
  const loss = (u: number, v: number): number => mean(x.map((xi, i) => binaryCrossEntropy(u * xi + v, targets[i])));
  let value = loss(slope, intercept);
  for (let step = 0; step < STEPS; step++) {
    const { du, dv, largest } = newtonStep(x, targets, { slope, intercept });
    if (largest <= FLAT) break;
    let size = 1;
    let next = loss(slope + du, intercept + dv);
    while (!(next <= value) && size > 1e-10) {
      size /= 2;
      next = loss(slope + size * du, intercept + size * dv);
    }
    if (!(next <= value)) break; // double precision allows no further improvement
    [slope, intercept, value] = [slope + size * du, intercept + size * dv, next];
  }
  const a = spread > 0 ? -slope / spread : 0;
  return { a, b: -intercept - a * centre };
}

function newtonStep(
  x: readonly number[],
  targets: readonly number[],
  { slope, intercept }: { slope: number; intercept: number },
): { du: number; dv: number; largest: number } {
  let [gu, gv, uu, uv, vv] = [0, 0, 0, 0, 0];
  x.forEach((xi, i) => {
    const p = sigmoid(slope * xi + intercept);
    const weight = p * (1 - p);
    gu += (p - targets[i]) * xi;
    gv += p - targets[i];
    uu += weight * xi * xi;
    uv += weight * xi;
    vv += weight;
  });
  const largest = Math.max(Math.abs(gu), Math.abs(gv)) / x.length;
  const ridge = 1e-12 * x.length; // scores that are all equal have no slope
  const determinant = (uu + ridge) * (vv + ridge) - uv * uv;
  return {
    du: -((vv + ridge) * gu - uv * gv) / determinant,
    dv: -((uu + ridge) * gv - uv * gu) / determinant,
    largest,
  };
}
