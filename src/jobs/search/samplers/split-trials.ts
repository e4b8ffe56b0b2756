import type { ObservedTrial } from "./sampler";

/**
 * Splits trials into the `count` best and the others, each by number, as Optuna does: complete ones by their value,
 * then pruned ones, those that came further first. Running trials are among the others; failed ones are in neither.
 */
export function splitTrials(
  trials: readonly ObservedTrial[],
  { count, direction }: { count: number; direction: "maximize" | "minimize" },
): { below: readonly ObservedTrial[]; above: readonly ObservedTrial[] } {
  const loss = (value: number): number => {
    if (Number.isNaN(value)) return Infinity; // of another program: Optuna takes it as the worst
    return direction === "minimize" ? value : -value;
  };
  const complete = trials
    .filter(({ state }) => state === "complete")
    .sort((a, b) => loss(a.value ?? NaN) - loss(b.value ?? NaN));
  const last = (trial: ObservedTrial): { step: number; value: number } =>
    trial.intermediate.at(-1) ?? { step: -1, value: direction === "minimize" ? 0 : -0 };
  const pruned = trials
    .filter(({ state }) => state === "pruned" || state === "paused")
    .sort((a, b) => last(b).step - last(a).step || loss(last(a).value) - loss(last(b).value));
  const ranked = [...complete, ...pruned];
  const byNumber = (a: ObservedTrial, b: ObservedTrial): number => a.number - b.number;
  return {
    below: ranked.slice(0, count).sort(byNumber),
    above: [...ranked.slice(count), ...trials.filter(({ state }) => state === "running")].sort(byNumber),
  };
}
