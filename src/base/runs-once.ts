/** The global that a headless runner sets to true in a kernel: each cell of the notebook runs once. */
export const RUNS_ONCE = Symbol.for("tslora.everyCellRunsOnce");
