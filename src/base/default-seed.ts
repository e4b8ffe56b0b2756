/** The default seed of all random draws, which makes a run repeatable. */
export const DEFAULT_SEED = 42;
