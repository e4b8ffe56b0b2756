/** The seed of every draw that is not given another, so that a run can be repeated. */
export const DEFAULT_SEED = 42;
