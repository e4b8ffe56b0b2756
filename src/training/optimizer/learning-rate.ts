import type { LrSchedulerType } from "../options/train-options";

/**
 * The learning rate of a step, as in transformers' `get_scheduler`.
 *
 * @param step - counted from 0
 */
export function learningRateAt(
  step: number,
  options: { peak: number; kind: LrSchedulerType; warmupSteps: number; totalSteps: number },
): number {
  const { peak, kind, warmupSteps, totalSteps } = options;
  if (kind === "constant") return peak;
  if (step < warmupSteps) return (peak * step) / Math.max(1, warmupSteps);
  const decaySteps = Math.max(1, totalSteps - warmupSteps);
  switch (kind) {
    case "constant_with_warmup":
      return peak;
    case "linear":
      return peak * Math.max(0, (totalSteps - step) / decaySteps);
    case "cosine":
      return peak * Math.max(0, 0.5 * (1 + Math.cos((Math.PI * (step - warmupSteps)) / decaySteps)));
  }
}
