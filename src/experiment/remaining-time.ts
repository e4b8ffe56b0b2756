import type { PlannedRun } from "./planned-run";
import type { RunResult } from "./run-result";

/**
 * Estimates the time of runs from the mean seconds per text of the method's finished runs; for a method without a
 * finished run, of all finished runs.
 *
 * @returns undefined if no run has ended
 */
export function remainingSeconds(runs: readonly PlannedRun[], done: readonly RunResult[]): number | undefined {
  if (done.length === 0) return undefined;
  const perText = (results: readonly RunResult[]): number =>
    results.reduce((sum, { elapsedSeconds }) => sum + elapsedSeconds, 0) /
    results.reduce((sum, { texts }) => sum + texts.train + texts.test, 0);
  const byMethod = new Map<string, RunResult[]>();
  for (const result of done) byMethod.set(result.method, [...(byMethod.get(result.method) ?? []), result]);
  const all = perText(done);
  return runs.reduce((sum, { method, train, test }) => {
    const own = byMethod.get(method.name);
    return sum + (train.length + test.length) * (own === undefined ? all : perText(own));
  }, 0);
}
