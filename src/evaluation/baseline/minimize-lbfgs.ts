import { TsloraError } from "../../base/tslora-error";

/** A smooth convex function: writes its gradient at `x` into `gradient` and returns its value. */
export type Objective = (x: Float64Array, gradient: Float64Array) => number;

export interface LbfgsOptions {
  /** The point to start from. */
  readonly start: Float64Array;
  /** The search stops when no component of the gradient is larger than this. */
  readonly tol: number;
  readonly maxIter: number;
}

const MEMORY = 10; // number of stored steps; more make hardly any difference
const DECREASE = 1e-4; // Armijo's and Wolfe's usual constants
const CURVATURE = 0.9;

interface Step {
  readonly dx: Float64Array;
  readonly dg: Float64Array;
  readonly rho: number;
}

/**
 * Finds the minimum of a smooth convex function with the limited-memory BFGS method (Nocedal and Wright, "Numerical
 * Optimization", 2006, algorithm 7.5) with a bisecting line search for the weak Wolfe conditions.
 *
 * @throws TsloraError `bad-option` if `maxIter` iterations do not reach `tol`.
 */
export function minimizeLbfgs(objective: Objective, { start, tol, maxIter }: LbfgsOptions): Float64Array {
  let x: Float64Array = start.slice();
  let gradient: Float64Array = new Float64Array(x.length);
  let value = objective(x, gradient);
  const steps: Step[] = [];
  for (let iteration = 0; largest(gradient) > tol; iteration++) {
    if (iteration === maxIter)
      throw new TsloraError(
        "bad-option",
        `L-BFGS did not reach a gradient of ${tol} in maxIter = ${maxIter} iterations; it is at ${largest(gradient)}. Raise maxIter or tol.`,
      );
    const direction = descent(gradient, steps);
    const found = lineSearch(objective, {
      x,
      gradient,
      value,
      direction,
      first: steps.length === 0 ? 1 / norm(gradient) : 1,
    });
    const dx = subtract(found.x, x);
    const dg = subtract(found.gradient, gradient);
    steps.push({ dx, dg, rho: 1 / dot(dx, dg) });
    if (steps.length > MEMORY) steps.shift();
    ({ x, gradient, value } = found);
  }
  return x;
}

/** The two-loop recursion: minus the inverse Hessian, estimated from the last steps, times the gradient. */
function descent(gradient: Float64Array, steps: readonly Step[]): Float64Array {
  const q = gradient.map((g) => -g);
  const alphas = steps.map(() => 0);
  for (let i = steps.length - 1; i >= 0; i--) {
    const { dx, dg, rho } = steps[i];
    alphas[i] = rho * dot(dx, q);
    addScaled(q, dg, -alphas[i]);
  }
  const last = steps.at(-1);
  if (last !== undefined) {
    const scale = 1 / (last.rho * dot(last.dg, last.dg));
    for (let i = 0; i < q.length; i++) q[i] *= scale;
  }
  steps.forEach(({ dx, dg, rho }, i) => addScaled(q, dx, alphas[i] - rho * dot(dg, q)));
  return q;
}

interface Point {
  readonly x: Float64Array;
  readonly gradient: Float64Array;
  readonly value: number;
}

function lineSearch(objective: Objective, from: Point & { direction: Float64Array; first: number }): Point {
  const slope = dot(from.gradient, from.direction);
  // Near the minimum, rounding makes the value constant; the slope still changes.
  const noise = 4 * Number.EPSILON * Math.abs(from.value);
  let low = 0;
  let high = Infinity;
  let t = from.first;
  for (;;) {
    const x = from.x.slice();
    addScaled(x, from.direction, t);
    const gradient = new Float64Array(x.length);
    const value = objective(x, gradient);
    if (!(value <= from.value + DECREASE * t * slope + noise)) high = t;
    else if (dot(gradient, from.direction) < CURVATURE * slope) low = t;
    else return { x, gradient, value };
    t = high === Infinity ? 2 * low : (low + high) / 2;
    if (t === low || t === high)
      throw new TsloraError("bad-option", "L-BFGS can get no nearer to the minimum in double precision. Raise tol.");
  }
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(a: Float64Array, b: Float64Array, scale: number): void {
  for (let i = 0; i < a.length; i++) a[i] += scale * b[i];
}

function subtract(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value - b[i]);
}

function norm(a: Float64Array): number {
  return Math.sqrt(dot(a, a));
}

function largest(a: Float64Array): number {
  return a.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
}
