/**
 * The learning rate of a step, as transformers' `get_linear_schedule_with_warmup` and
 * `get_constant_schedule_with_warmup` give it.
 *
 * @param step - counted from 0
 */
export function learningRateAt(step: number, options: { peak: number; kind: "linear" | "constant"; warmupSteps: number; totalSteps: number }): number {
  const { peak, kind, warmupSteps, totalSteps } = options;
  if (step < warmupSteps) return (peak * step) / Math.max(1, warmupSteps);
  if (kind === "constant") return peak;
  return peak * Math.max(0, (totalSteps - step) / Math.max(1, totalSteps - warmupSteps));
}
