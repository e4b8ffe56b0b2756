import { Problems } from "../../base/problems";
import { mix } from "./palette";

/** A trial of `sweep`. */
export interface TrialLike {
  readonly number: number;
  readonly settings: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly state: string;
  /** Value of a complete trial. */
  readonly value?: number;
  /** Values of the first seed by step. */
  readonly intermediate: readonly { readonly step: number; readonly value: number }[];
}

/** Facts about the metric of a sweep that its figures need. */
export interface MetricOptions {
  readonly metric: string;
  readonly direction: "maximize" | "minimize";
}

const [WORST, BEST] = ["#B8C4CC", "#0072B2"] as const;

/** The value that a trial has reached: its own, or the last one of a trial that was pruned. */
export function reachedValue({ value, intermediate }: TrialLike): number | undefined {
  return value ?? intermediate.at(-1)?.value;
}

/** The best complete trial. */
export function bestTrial(trials: readonly TrialLike[], direction: MetricOptions["direction"]): TrialLike | undefined {
  const sign = direction === "maximize" ? 1 : -1;
  return trials
    .filter(({ state, value }) => state === "complete" && value !== undefined)
    .sort((a, b) => sign * ((b.value ?? NaN) - (a.value ?? NaN)) || a.number - b.number)[0];
}

/** The colour of a value among others: from grey, the worst, to blue, the best. */
export function colourOfValue(
  value: number,
  { values, direction }: { values: readonly number[]; direction: MetricOptions["direction"] },
): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const share = high === low ? 1 : (value - low) / (high - low);
  return mix(WORST, BEST, direction === "maximize" ? share : 1 - share);
}

/** A setting's value as a figure or a table shows it. */
export function settingText(value: TrialLike["settings"][string] | undefined): string {
  if (value === undefined) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(3)));
  return typeof value === "object" ? value.join(", ") : String(value);
}

/** @throws TsloraError `bad-input` for no trial */
export function expectTrials(where: string, trials: readonly TrialLike[]): void {
  const problems = new Problems(where);
  problems.expect(trials.length > 0, "trials must have at least one trial; got none.");
  problems.throwIfAny("bad-input");
}
