import { distributionOf, externalValue, internalValue, isSingle, type Distribution } from "../space/distribution";
import { isActive, type SearchSpace, type Settings, type SettingValue } from "../space/search-space";
import { NumpyRandomState } from "./numpy-random-state";
import { ParzenEstimator } from "./parzen-estimator";
import { firstOf } from "./random-sampler";
import { randomSetting } from "./random-setting";
import { TPE_DEFAULTS, type ObservedTrial, type Sampler, type SamplerState, type TpeOptions } from "./sampler";
import { splitTrials } from "./split-trials";

/** The most trials that count as good ones: the cap of Optuna's `default_gamma`, `min(ceil(0.1 * n), 25)`. */
const MOST_GOOD = 25;

/** A setting's name and distribution. */
type Dimension = readonly [name: string, distribution: Distribution];

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
 * that workers spread ("constant liar"); pruned and paused trials count by their last value, after all complete ones.
 */
export class TpeSampler implements Sampler {
  readonly #space: SearchSpace;
  readonly #distributions: readonly Dimension[];
  readonly #options: Required<TpeOptions> & { readonly direction: "maximize" | "minimize" };
  readonly #startupRandom: NumpyRandomState;
  readonly #modelRandom: NumpyRandomState;

  constructor(space: SearchSpace, { seed, state, ...options }: TpeSamplerOptions) {
    this.#space = space;
    this.#distributions = Object.entries(space).map(([name, range]) => [name, distributionOf(range)]);
    this.#options = { ...TPE_DEFAULTS, ...options };
    this.#startupRandom = new NumpyRandomState(seed, state?.random);
    this.#modelRandom = new NumpyRandomState(seed, state?.model);
  }

  get state(): SamplerState {
    return { random: this.#startupRandom.draws, model: this.#modelRandom.draws };
  }

  propose(trials: readonly ObservedTrial[]): Settings {
    const finished = finishedOf(trials);
    const isReady = finished.length >= this.#options.nStartupTrials;
    const together = isReady && this.#options.multivariate ? this.#common(finished) : [];
    const drawn = new Map<string, number>();
    if (together.length > 0) this.#draw(together, trials).forEach((value, i) => void drawn.set(together[i][0], value));
    const chosen: Record<string, SettingValue> = {};
    for (const [name, distribution] of this.#distributions) {
      if (!isActive(this.#space[name], chosen)) continue;
      const value = drawn.get(name) ?? this.#valueOf([name, distribution], { isReady, trials });
      chosen[name] = externalValue(distribution, value);
    }
    return chosen;
  }

  /** The value of a setting that is not drawn together with others. */
  #valueOf(
    [name, distribution]: Dimension,
    { isReady, trials }: { isReady: boolean; trials: readonly ObservedTrial[] },
  ): number {
    if (isSingle(distribution)) return firstOf(distribution);
    if (!isReady) return randomSetting(distribution, this.#startupRandom);
    return this.#draw([[name, distribution]], trials)[0];
  }

  /** The settings that every finished trial has, by name as Optuna orders them. */
  #common(finished: readonly ObservedTrial[]): Dimension[] {
    return this.#distributions
      .filter(([name, distribution]) => !isSingle(distribution) && finished.every(({ settings }) => name in settings))
      .sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Draws candidates from the density of good trials, and takes the one whose ratio to that of the others is best. */
  #draw(space: readonly Dimension[], trials: readonly ObservedTrial[]): number[] {
    const { gamma, nEiCandidates, direction } = this.#options;
    const count = Math.min(Math.ceil(gamma * finishedOf(trials).length), MOST_GOOD);
    const { below, above } = splitTrials(trials, { count, direction });
    const [good, other] = [below, above].map((part) => this.#estimate(space, part));
    const candidates = good.sample(this.#modelRandom, nEiCandidates);
    const gains = candidates.map((candidate) => good.logDensity(candidate) - other.logDensity(candidate));
    return candidates[gains.indexOf(Math.max(...gains))];
  }

  #estimate(space: readonly Dimension[], trials: readonly ObservedTrial[]): ParzenEstimator {
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

/** The trials that have a result: complete, pruned and paused ones. */
function finishedOf(trials: readonly ObservedTrial[]): ObservedTrial[] {
  return trials.filter(({ state }) => state === "complete" || state === "pruned" || state === "paused");
}
