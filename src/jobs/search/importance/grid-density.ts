import type { Distribution } from "../space/distribution";
import { logNormalMass } from "../samplers/normal";

const STEPS = 50; // places of a numeric range
const PRIOR_WEIGHT = 1;

/** The number of trials at each place of a setting's grid. */
export function gridPlaces(distribution: Distribution, values: readonly number[]): number[] {
  if (distribution.kind === "categorical") {
    const counts = distribution.choices.map(() => 0);
    for (const value of values) counts[value]++;
    return counts;
  }
  const { whole, log, step } = distribution;
  const [low, high] = log
    ? [Math.log(distribution.low), Math.log(distribution.high)]
    : [distribution.low, distribution.high];
  const places =
    log && whole
      ? Math.ceil(Math.log(distribution.high - distribution.low + 1) / Math.log(2)) + 1
      : step !== undefined && !log
        ? Math.round((high - low) / step) + 1
        : STEPS;
  const counts = new Array<number>(Math.min(places, STEPS)).fill(0);
  const width = (high - low) / (counts.length - 1);
  for (const value of values) {
    const place = Math.ceil(((log ? Math.log(value) : value) - low) / width - 0.5);
    counts[Math.min(Math.max(place, 0), counts.length - 1)]++;
  }
  return counts;
}

/** The density over the places of a grid, by a Parzen estimator whose kernels have the width of Scott's rule (1992). */
export function gridDensity(counts: readonly number[], { isCategorical }: { isCategorical: boolean }): number[] {
  const places = counts.flatMap((count, place) => (count > 0 ? [place] : []));
  const weights = places.map((place) => counts[place]);
  const sum = weights.reduce((a, b) => a + b, PRIOR_WEIGHT);
  const kernels = isCategorical ? choiceKernels(places, counts.length) : normalKernels(places, weights, counts.length);
  return counts.map(
    (_, at) =>
      kernels.reduce((density, kernel, i) => density + ((weights[i] ?? PRIOR_WEIGHT) / sum) * kernel(at), 0) + 1e-12,
  );
}

type Kernel = (place: number) => number;

function choiceKernels(places: readonly number[], choices: number): Kernel[] {
  const prior = PRIOR_WEIGHT / (places.length + 1);
  const sum = choices * prior;
  return [...places.map((own) => (at: number) => (prior + Number(at === own)) / (sum + 1)), () => 1 / choices];
}

function normalKernels(places: readonly number[], weights: readonly number[], size: number): Kernel[] {
  const kernel =
    (mean: number, deviation: number): Kernel =>
    (at) => {
      const scaled = (place: number): number => (place - mean) / deviation;
      const mass = logNormalMass(scaled(-0.5), scaled(size - 0.5));
      return Math.exp(logNormalMass(scaled(at - 0.5), scaled(at + 0.5)) - mass);
    };
  const deviation = scottWidth(places, weights);
  return [...places.map((mean) => kernel(mean, deviation)), kernel((size - 1) / 2, size)];
}

function scottWidth(places: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  const sums = weights.map((weight) => (sum += weight));
  const mean = places.reduce((all, place, i) => all + place * weights[i], 0) / sum;
  const square = places.reduce((all, place, i) => all + (place - mean) ** 2 * weights[i], 0);
  const deviation = Math.sqrt(square / Math.max(1, sum - 1));
  const first = sums.findIndex((one) => one >= Math.floor(sum / 4));
  const third = sums.findIndex((one) => one > Math.floor((sum * 3) / 4));
  const range = places[third < 0 ? places.length - 1 : third] - places[first];
  return Math.max(1.059 * Math.min(range / 1.34, deviation) * sum ** -0.2, 0.5 / 1.64);
}
