import { distributionOf, externalValue, isSingle } from "../space/distribution";
import { isActive, type SearchSpace, type Settings, type SettingValue } from "../space/search-space";
import { NumpyRandomState } from "./numpy-random-state";
import { randomSetting } from "./random-setting";
import type { Sampler, SamplerState } from "./sampler";

/** Draws every setting on its own, uniformly over its range. */
export class RandomSampler implements Sampler {
  readonly #space: SearchSpace;
  readonly #random: NumpyRandomState;

  constructor(space: SearchSpace, { seed, state }: { seed: number; state?: SamplerState }) {
    this.#space = space;
    this.#random = new NumpyRandomState(seed, state?.random);
  }

  get state(): SamplerState {
    return { random: this.#random.draws, model: 0 };
  }

  propose(): Settings {
    const chosen: Record<string, SettingValue> = {};
    for (const [name, range] of Object.entries(this.#space)) {
      if (!isActive(range, chosen)) continue;
      const distribution = distributionOf(range);
      chosen[name] = externalValue(
        distribution,
        isSingle(distribution) ? firstOf(distribution) : randomSetting(distribution, this.#random),
      );
    }
    return chosen;
  }
}

/** The only value of a distribution that has one. */
export function firstOf(distribution: ReturnType<typeof distributionOf>): number {
  return distribution.kind === "categorical" ? 0 : distribution.low;
}
