import type { Settings } from "../space/search-space";

/** A trial as samplers and pruners see it. */
export interface ObservedTrial {
  readonly number: number;
  readonly settings: Settings;
  /** "paused" trials count as pruned ones: they have a value at a rung, and may continue. */
  readonly state: "running" | "complete" | "pruned" | "paused" | "failed";
  /** The mean over seeds, of a complete trial. */
  readonly value?: number;
  /** Values of the first seed by step, in order. */
  readonly intermediate: readonly { readonly step: number; readonly value: number }[];
}

/** Numbers of random numbers that a sampler has drawn from its two generators, for resuming. */
export interface SamplerState {
  readonly random: number;
  readonly model: number;
}

/** Chooses the settings of the next trial. */
export interface Sampler {
  /** @returns undefined when no settings are left, which only happens to a grid */
  propose(trials: readonly ObservedTrial[]): Settings | undefined;
  readonly state: SamplerState;
}

/** Options of the sampler. */
export type SamplerOptions =
  | { readonly name: "random" }
  | {
      /** Every combination. A range of real numbers needs `step`, or `points`. */
      readonly name: "grid";
      /** Number of values of a range of real numbers without steps, evenly spaced. @default 5 */
      readonly points?: number;
    }
  | ({ readonly name: "tpe" } & TpeOptions);

/** Options of TPE, under Optuna's names and with its defaults. */
export interface TpeOptions {
  /** Trials that are drawn at random before the model is used. @default 10 */
  readonly nStartupTrials?: number;
  /** Candidates of which the best is taken. @default 24 */
  readonly nEiCandidates?: number;
  /** Share of the trials that counts as good, at most 25 of them. @default 0.1 */
  readonly gamma?: number;
  /** Weight of the prior kernel. @default 1 */
  readonly priorWeight?: number;
  /** Whether the distance to a range's end counts for the width of the outermost kernels. @default false */
  readonly considerEndpoints?: boolean;
  /**
   * Whether settings without conditions are drawn together, so that combinations count. `false` draws each on its own,
   * as in the paper.
   * @default true
   */
  readonly multivariate?: boolean;
}

/** The defaults of {@link TpeOptions}. */
export const TPE_DEFAULTS = {
  nStartupTrials: 10,
  nEiCandidates: 24,
  gamma: 0.1,
  priorWeight: 1,
  considerEndpoints: false,
  multivariate: true,
} as const satisfies TpeOptions;
