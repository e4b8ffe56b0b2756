import { roundHalfEven, type Distribution } from "../space/distribution";
import { logNormalDensity, logNormalMass, truncatedQuantile } from "./normal";
import type { NumpyRandomState } from "./numpy-random-state";

/** Settings of a Parzen estimator, under Optuna's names. */
export interface ParzenOptions {
  /** Weight of the prior kernel, which covers the whole range. */
  readonly priorWeight: number;
  /** Whether the distance to a range's end counts for the width of the outermost kernels. */
  readonly considerEndpoints: boolean;
}

/** The kernels of one setting: a normal distribution, cut to the range, or a weight for each choice. */
type Kernels =
  | { readonly kind: "categorical"; readonly weights: readonly (readonly number[])[] }
  | {
      readonly kind: "numeric";
      readonly distribution: Extract<Distribution, { kind: "numeric" }>;
      /** The range's ends, wider by half a step, on the scale of the kernels. */
      readonly low: number;
      readonly high: number;
      readonly means: readonly number[];
      readonly deviations: readonly number[];
      /** The logarithm of each kernel's probability between the ends. */
      readonly masses: readonly number[];
    };

/**
 * A density over settings: a mixture with a kernel for each observed trial and one prior kernel, each a product over
 * the settings. It equals Optuna's `_ParzenEstimator`, draw for draw.
 */
export class ParzenEstimator {
  readonly #weights: readonly number[];
  readonly #kernels: readonly Kernels[];

  /**
   * @param distributions - of the settings, in order
   * @param observations - of each setting, its values in the trials
   */
  constructor(
    distributions: readonly Distribution[],
    { observations, priorWeight, considerEndpoints }: ParzenOptions & { observations: readonly (readonly number[])[] },
  ) {
    const trials = observations[0].length;
    const weights = trials === 0 ? [1] : [...recencyWeights(trials), priorWeight];
    const sum = weights.reduce((a, b) => a + b, 0);
    this.#weights = weights.map((weight) => weight / sum);
    this.#kernels = distributions.map((distribution, i) =>
      distribution.kind === "categorical"
        ? choiceKernels(observations[i], { choices: distribution.choices.length, priorWeight })
        : numericKernels(observations[i], { distribution, considerEndpoints }),
    );
  }

  /** Draws candidates, [size][settings]. */
  sample(random: NumpyRandomState, size: number): number[][] {
    const chosen = random.choice(this.#weights, size);
    const columns = new Array<number[]>(this.#kernels.length);
    this.#kernels.forEach((kernels, i) => {
      if (kernels.kind === "categorical")
        columns[i] = chosen.map((kernel) => drawChoice(kernels.weights[kernel], random.random()));
    });
    this.#kernels.forEach((kernels, i) => {
      if (kernels.kind === "numeric") columns[i] = chosen.map((kernel) => drawNumber(kernels, kernel, random.random()));
    });
    return chosen.map((_, row) => columns.map((column) => column[row]));
  }

  /** The logarithm of the density of one candidate. */
  logDensity(candidate: readonly number[]): number {
    const logs = this.#weights.map((weight, kernel) =>
      this.#kernels.reduce((sum, kernels, i) => sum + logKernel(kernels, kernel, candidate[i]), Math.log(weight)),
    );
    const most = Math.max(...logs);
    if (most === -Infinity) return -Infinity;
    return Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0)) + most;
  }
}

/** Weights of trials, the oldest first: the last 25 count fully, older ones less. */
function recencyWeights(trials: number): number[] {
  const older = Math.max(0, trials - 25);
  return Array.from({ length: trials }, (_, i) => {
    if (i >= older) return 1;
    return older === 1 ? 1 / trials : 1 / trials + ((1 - 1 / trials) * i) / (older - 1);
  });
}

function choiceKernels(
  observed: readonly number[],
  { choices, priorWeight }: { choices: number; priorWeight: number },
): Kernels {
  if (observed.length === 0) return { kind: "categorical", weights: [new Array<number>(choices).fill(1 / choices)] };
  const kernels = observed.length + 1;
  const weights = [...observed, undefined].map((choice) => {
    const row = new Array<number>(choices).fill(priorWeight / kernels);
    if (choice !== undefined) row[choice]++;
    const sum = row.reduce((a, b) => a + b, 0);
    return row.map((weight) => (sum === 0 ? 0 : weight / sum));
  });
  return { kind: "categorical", weights };
}

function numericKernels(
  observed: readonly number[],
  {
    distribution,
    considerEndpoints,
  }: { distribution: Extract<Distribution, { kind: "numeric" }>; considerEndpoints: boolean },
): Kernels {
  const half = kernelStep(distribution) / 2;
  const scaled = (value: number): number => (distribution.log ? Math.log(value) : value);
  const [low, high] = [scaled(distribution.low - half), scaled(distribution.high + half)];
  const means = observed.map(scaled);
  const deviations = [...kernelWidths(means, { low, high, considerEndpoints }), high - low];
  const all = [...means, 0.5 * (low + high)];
  const masses = all.map((mean, i) => logNormalMass((low - mean) / deviations[i], (high - mean) / deviations[i]));
  return { kind: "numeric", distribution, low, high, means: all, deviations, masses };
}

/** The distance of a distribution's values; 0 for real numbers. */
function kernelStep({ step }: Extract<Distribution, { kind: "numeric" }>): number {
  return step ?? 0;
}

/**
 * A kernel is as wide as the distance to its farther neighbour, within bounds that shrink with the number of trials.
 */
function kernelWidths(
  means: readonly number[],
  { low, high, considerEndpoints }: { low: number; high: number; considerEndpoints: boolean },
): number[] {
  const order = means.map((_, i) => i).sort((a, b) => means[a] - means[b]);
  const sorted = [low, ...order.map((i) => means[i]), high];
  const widths = order.map((_, i) => Math.max(sorted[i + 1] - sorted[i], sorted[i + 2] - sorted[i + 1]));
  if (!considerEndpoints && means.length >= 2) {
    widths[0] = sorted[2] - sorted[1];
    widths[widths.length - 1] = sorted[means.length] - sorted[means.length - 1];
  }
  const least = (high - low) / Math.min(100, 2 + means.length);
  const result = new Array<number>(means.length);
  order.forEach((trial, i) => (result[trial] = Math.min(Math.max(widths[i], least), high - low)));
  return result;
}

function drawChoice(weights: readonly number[], drawn: number): number {
  let sum = 0;
  for (const [choice, weight] of weights.entries()) {
    sum += weight;
    if (sum >= drawn) return choice;
  }
  return weights.length - 1;
}

function drawNumber(kernels: Extract<Kernels, { kind: "numeric" }>, kernel: number, drawn: number): number {
  const { distribution, low, high, means, deviations } = kernels;
  const [mean, deviation] = [means[kernel], deviations[kernel]];
  const bounds = { a: (low - mean) / deviation, b: (high - mean) / deviation };
  const value = truncatedQuantile(drawn, bounds) * deviation + mean;
  const plain = distribution.log ? Math.exp(value) : value;
  const step = kernelStep(distribution);
  const clip = (one: number): number => Math.min(Math.max(one, distribution.low), distribution.high);
  return step === 0 ? clip(plain) : clip(distribution.low + roundHalfEven((plain - distribution.low) / step) * step);
}

function logKernel(kernels: Kernels, kernel: number, value: number): number {
  if (kernels.kind === "categorical") return Math.log(kernels.weights[kernel][value]);
  const { distribution, means, deviations, masses } = kernels;
  const [mean, scale] = [means[kernel], deviations[kernel]];
  const at = (point: number): number => ((distribution.log ? Math.log(point) : point) - mean) / scale;
  const step = kernelStep(distribution);
  const log =
    step === 0 ? logNormalDensity(at(value), scale) : logNormalMass(at(value - step / 2), at(value + step / 2));
  return log - masses[kernel];
}
