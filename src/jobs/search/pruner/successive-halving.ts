import { ASHA_DEFAULTS, type AshaOptions } from "./pruner-options";

/** A trial's values at the rungs that it has reached. */
export interface RungTrial {
  readonly number: number;
  /** By rung, from 0. */
  readonly rungs: readonly number[];
  /** Whether it waits at its last rung. */
  readonly paused: boolean;
}

/**
 * The asynchronous successive halving algorithm (Li et al., "A System for Massively Parallel Hyperparameter Tuning",
 * 2020). Rung k is at `minResource * reductionFactor ** (minEarlyStoppingRate + k)` evaluations.
 */
export class SuccessiveHalving {
  readonly #options: Required<AshaOptions>;
  readonly #sign: number;

  constructor(options: AshaOptions, { direction }: { direction: "maximize" | "minimize" }) {
    this.#options = { ...ASHA_DEFAULTS, ...options };
    this.#sign = direction === "maximize" ? 1 : -1;
  }

  /** Whether pruned trials continue. */
  get continues(): boolean {
    return this.#options.pruned === "continue";
  }

  /** The evaluations of a rung. */
  resource(rung: number): number {
    const { minResource, reductionFactor, minEarlyStoppingRate } = this.#options;
    return minResource * reductionFactor ** (minEarlyStoppingRate + rung);
  }

  /**
   * Whether a trial that has just reached a rung goes on at once. With "stop", this is Optuna's rule: the first trials
   * of a rung go on if they are the best so far.
   *
   * @param values - of all trials at that rung, this one included
   */
  goesOn(value: number, values: readonly number[]): boolean {
    const { reductionFactor, pruned } = this.#options;
    const promoted = Math.floor(values.length / reductionFactor);
    if (promoted === 0 && pruned === "continue") return false;
    const ranked = values.map((one) => this.#sign * one).sort((a, b) => b - a);
    return this.#sign * value >= ranked[Math.max(promoted, 1) - 1];
  }

  /** The paused trial that continues next: among the best of its rung, on the highest rung. */
  promotable(trials: readonly RungTrial[]): number | undefined {
    const top = Math.max(-1, ...trials.map(({ rungs }) => rungs.length - 1));
    for (let rung = top; rung >= 0; rung--) {
      const ranked = this.#ranked(trials, rung);
      const best = ranked.slice(0, Math.floor(ranked.length / this.#options.reductionFactor));
      const next = best.find(({ paused, rungs }) => paused && rungs.length === rung + 1);
      if (next !== undefined) return next.number;
    }
    return undefined;
  }

  /** The best paused trial of the highest rung, for a search that ends before a trial has. */
  bestPaused(trials: readonly RungTrial[]): number | undefined {
    const paused = trials.filter((trial) => trial.paused);
    const top = Math.max(-1, ...paused.map(({ rungs }) => rungs.length - 1));
    return this.#ranked(paused, top).find(({ rungs }) => rungs.length === top + 1)?.number;
  }

  #ranked(trials: readonly RungTrial[], rung: number): RungTrial[] {
    return trials
      .filter(({ rungs }) => rungs.length > rung)
      .sort((a, b) => this.#sign * (b.rungs[rung] - a.rungs[rung]) || a.number - b.number);
  }
}
