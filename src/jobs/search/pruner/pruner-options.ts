/** Options of the pruner. */
export type PrunerOptions = { readonly name: "none" } | ({ readonly name: "asha" } & AshaOptions);

/** Options of asynchronous successive halving. Its rungs count evaluations of a trial's first seed. */
export interface AshaOptions {
  /** Evaluations before a trial is first compared. @default 1 */
  readonly minResource?: number;
  /** One trial of this many reaches the next rung, which has this many times the evaluations. @default 3 */
  readonly reductionFactor?: number;
  /** Rungs that are left out at the lower end: s in the paper. @default 0 */
  readonly minEarlyStoppingRate?: number;
  /**
   * The action at a rung. "continue", as in the paper: a trial pauses with its checkpoint, and goes on from there once
   * it is among the best of its rung. "stop", as in Optuna: a trial that is not among the best so far ends.
   * @default "continue"
   */
  readonly pruned?: "continue" | "stop";
}

/** The defaults of {@link AshaOptions}. */
export const ASHA_DEFAULTS = {
  minResource: 1,
  reductionFactor: 3,
  minEarlyStoppingRate: 0,
  pruned: "continue",
} as const satisfies AshaOptions;
