import { distributionOf, externalValue, internalValue, isSingle, type Distribution } from "../space/distribution";
import { isActive, type SearchSpace, type Settings, type SettingValue } from "../space/search-space";
import { NumpyRandomState } from "./numpy-random-state";
import { ParzenEstimator } from "./parzen-estimator";
import { firstOf } from "./random-sampler";
import { randomSetting } from "./random-setting";
import { TPE_DEFAULTS, type ObservedTrial, type Sampler, type SamplerState, type TpeOptions } from "./sampler";
import { splitTrials } from "./split-trials";

/** Options of {@link TpeSampler}. */
export interface TpeSamplerOptions extends TpeOptions {
  readonly direction: "maximize" | "minimize";
  readonly seed: number;
  readonly state?: SamplerState;
}

/**
 * The tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, "Algorithms for Hyper-Parameter
 * Optimization", 2011), as Optuna's `TPESampler` implements it (Watanabe, "Tree-Structured Parzen Estimator", 2023).
 * With the same seed and the same values of trials, it proposes Optuna's settings. Running trials count as bad ones, so
 * that workers spread ("constant liar"); pruned trials count by their last value.
 */
export class TpeSampler implements Sampler {
  readonly #space: readonly (readonly [name: string, distribution: Distribution])[];
  readonly #ranges: SearchSpace;
  readonly #options: Required<TpeOptions> & { readonly direction: "maximize" | "minimize" };
  readonly #startup: NumpyRandomState;
  readonly #model: NumpyRandomState;

  constructor(space: SearchSpace, { seed, state, ...options }: TpeSamplerOptions) {
    this.#ranges = space;
    this.#space = Object.entries(space).map(([name, range]) => [name, distributionOf(range)]);
    this.#options = { ...TPE_DEFAULTS, ...options };
    this.#startup = new NumpyRandomState(seed, state?.random);
    this.#model = new NumpyRandomState(seed, state?.model);
  }

  get state(): SamplerState {
    return { random: this.#startup.draws, model: this.#model.draws };
  }

  propose(trials: readonly ObservedTrial[]): Settings {
    const finished = trials.filter(({ state }) => state === "complete" || state === "pruned" || state === "paused");
    const isReady = finished.length >= this.#options.nStartupTrials;
    const together = isReady && this.#options.multivariate ? this.#common(finished) : [];
    const drawn = new Map<string, number>();
    if (together.length > 0) this.#draw(together, trials).forEach((value, i) => void drawn.set(together[i][0], value));
    const chosen: Record<string, SettingValue> = {};
    for (const [name, distribution] of this.#space) {
      if (!isActive(this.#ranges[name], chosen)) continue;
      const value =
        drawn.get(name) ??
        (isSingle(distribution)
          ? firstOf(distribution)
          : isReady
            ? this.#draw([[name, distribution]], trials)[0]
            : randomSetting(distribution, this.#startup));
      chosen[name] = externalValue(distribution, value);
    }
    return chosen;
  }

  /** The settings that every finished trial has, by name as Optuna orders them. */
  #common(finished: readonly ObservedTrial[]): (readonly [string, Distribution])[] {
    return this.#space
      .filter(([name, distribution]) => !isSingle(distribution) && finished.every(({ settings }) => name in settings))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Draws candidates from the density of good trials, and takes the one whose ratio to that of the others is best. */
  #draw(space: readonly (readonly [string, Distribution])[], trials: readonly ObservedTrial[]): number[] {
    const { gamma, nEiCandidates, direction } = this.#options;
    const ended = trials.filter(({ state }) => state !== "running" && state !== "failed").length;
    const { below, above } = splitTrials(trials, { count: Math.min(Math.ceil(gamma * ended), 25), direction });
    const [good, other] = [below, above].map((part) => this.#estimate(space, part));
    const candidates = good.sample(this.#model, nEiCandidates);
    const gains = candidates.map((candidate) => good.logDensity(candidate) - other.logDensity(candidate));
    return candidates[gains.indexOf(Math.max(...gains))];
  }

  #estimate(space: readonly (readonly [string, Distribution])[], trials: readonly ObservedTrial[]): ParzenEstimator {
    const having = trials.filter(({ settings }) => space.every(([name]) => name in settings));
    return new ParzenEstimator(
      space.map(([, distribution]) => distribution),
      {
        ...this.#options,
        observations: space.map(([name, distribution]) =>
          having.map(({ settings }) => internalValue(distribution, settings[name])),
        ),
      },
    );
  }
}
