import { roundHalfEven, type Distribution } from "../space/distribution";
import type { NumpyRandomState } from "./numpy-random-state";

/** Draws a value as Optuna's `RandomSampler` does, in the samplers' numbers. */
export function randomSetting(distribution: Distribution, random: NumpyRandomState): number {
  if (distribution.kind === "categorical") {
    const drawn = distribution.choices.map(() => random.uniform(0, 1));
    return drawn.indexOf(Math.max(...drawn));
  }
  const { whole, low, high, log, step } = distribution;
  const clip = (value: number): number => Math.min(Math.max(value, low), high);
  if (log) {
    const half = whole ? 0.5 : 0;
    const value = Math.exp(random.uniform(Math.log(low - half), Math.log(high + half)));
    return clip(whole ? roundHalfEven(value) : value);
  }
  if (step === undefined) return clip(random.uniform(low, high));
  const drawn = (random.uniform(low - step / 2, high + step / 2) - low) / step;
  return clip((whole ? Math.floor(drawn + 0.5) : roundHalfEven(drawn)) * step + low);
}
