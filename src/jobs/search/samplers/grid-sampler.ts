import { distributionOf, externalValue, type Distribution } from "../space/distribution";
import { isActive, valueText, type SearchSpace, type Settings, type SettingValue } from "../space/search-space";
import type { ObservedTrial, Sampler, SamplerState } from "./sampler";

const POINTS = 5;
/** The most combinations of a grid. */
export const MOST_GRID_POINTS = 100_000;

/** Tries every combination once, the last setting changing fastest. A setting without its condition is not varied. */
export class GridSampler implements Sampler {
  readonly #grid: readonly Settings[];
  readonly state: SamplerState = { random: 0, model: 0 };

  constructor(space: SearchSpace, { points = POINTS }: { points?: number } = {}) {
    this.#grid = gridOf(space, points);
  }

  /** Number of combinations. */
  get size(): number {
    return this.#grid.length;
  }

  propose(trials: readonly ObservedTrial[]): Settings | undefined {
    const tried = new Set(trials.map(({ settings }) => keyOf(settings)));
    return this.#grid.find((settings) => !tried.has(keyOf(settings)));
  }
}

/** Every combination, as far as {@link MOST_GRID_POINTS} and one more. */
export function gridOf(space: SearchSpace, points = POINTS): Settings[] {
  let grid: Readonly<Record<string, SettingValue>>[] = [{}];
  for (const [name, range] of Object.entries(space)) {
    const distribution = distributionOf(range);
    const values = gridValues(distribution, points).map((value) => externalValue(distribution, value));
    grid = grid
      .flatMap((chosen) => (isActive(range, chosen) ? values.map((value) => ({ ...chosen, [name]: value })) : [chosen]))
      .slice(0, MOST_GRID_POINTS + 1);
  }
  return grid;
}

function gridValues(distribution: Distribution, points: number): number[] {
  if (distribution.kind === "categorical") return distribution.choices.map((_, i) => i);
  const { low, high, log, step, whole } = distribution;
  if (low === high) return [low];
  if (step !== undefined && !log)
    return Array.from({ length: Math.round((high - low) / step) + 1 }, (_, i) =>
      Number((low + i * step).toPrecision(15)),
    );
  const at = (share: number): number =>
    share === 0 ? low : share === 1 ? high : log ? low * (high / low) ** share : low + share * (high - low);
  const values = Array.from({ length: points }, (_, i) => at(points === 1 ? 0 : i / (points - 1)));
  return whole ? [...new Set(values.map(Math.round))] : values.map((value) => Number(value.toPrecision(12)));
}

function keyOf(settings: Settings): string {
  return JSON.stringify(Object.entries(settings).map(([name, value]) => [name, valueText(value)]));
}
