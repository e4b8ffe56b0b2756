/** Nodes and weights of a quadrature on the interval from 0 to 1. */
export interface Quadrature {
  readonly nodes: Float64Array;
  /** They add up to 1. */
  readonly weights: Float64Array;
}

const TOLERANCE = 1e-15;
const NEWTON_STEPS = 100;

/**
 * Gauss-Legendre quadrature with `count` nodes on the interval from 0 to 1: the roots of the Legendre polynomial by
 * Newton's method, as numpy's `leggauss` up to rounding, moved from -1..1.
 */
export function gaussLegendre(count: number): Quadrature {
  const nodes = new Float64Array(count);
  const weights = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let x = -Math.cos((Math.PI * (i + 0.75)) / (count + 0.5));
    let slope = 1;
    for (let step = 0; step < NEWTON_STEPS; step++) {
      const { value, derivative } = legendre(count, x);
      slope = derivative;
      const move = value / derivative;
      x -= move;
      if (Math.abs(move) < TOLERANCE) break;
    }
    nodes[i] = (x + 1) / 2;
    weights[i] = 1 / ((1 - x * x) * slope * slope);
  }
  return { nodes, weights };
}

/** The Legendre polynomial of a degree at x, and its derivative, by the recurrence of three terms. */
function legendre(degree: number, x: number): { value: number; derivative: number } {
  let [before, value] = [1, x];
  if (degree === 0) return { value: 1, derivative: 0 };
  for (let k = 2; k <= degree; k++) [before, value] = [value, ((2 * k - 1) * x * value - (k - 1) * before) / k];
  return { value, derivative: (degree * (x * value - before)) / (x * x - 1) };
}
