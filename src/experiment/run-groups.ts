import type { RunResult } from "./run-result";

/** The results of each part, in the order of the runs. */
export function partsOf(
  results: readonly RunResult[],
): Readonly<Record<"holdout" | "folds" | "curve", readonly RunResult[]>> {
  const of = (kind: RunResult["part"]["kind"]): RunResult[] => results.filter(({ part }) => part.kind === kind);
  return { holdout: of("holdout"), folds: of("fold"), curve: of("curve") };
}

/** The names of the methods, in the order of their first runs. */
export function methodNames(results: readonly RunResult[]): string[] {
  return [...new Set(results.map(({ method }) => method))];
}
