import { valueText, type SettingRange, type SettingValue } from "./search-space";

/** A range as Optuna's distributions have it; `high` is the largest value that the steps reach. */
export type Distribution =
  | {
      readonly kind: "numeric";
      readonly whole: boolean;
      readonly low: number;
      readonly high: number;
      readonly log: boolean;
      readonly step: number | undefined;
    }
  | { readonly kind: "categorical"; readonly choices: readonly SettingValue[] };

/** The distribution of a range. */
export function distributionOf(range: SettingRange): Distribution {
  if (range.type === "categorical") return { kind: "categorical", choices: range.choices };
  const { low, high, log = false } = range;
  const step = range.type === "int" ? (range.step ?? 1) : range.step;
  const reached = step === undefined || log ? high : low + Math.floor((high - low) / step + 1e-9) * step;
  const last = range.type === "int" ? reached : Math.min(high, Number(reached.toPrecision(15)));
  return { kind: "numeric", whole: range.type === "int", low, high: last, log, step };
}

/** Whether a distribution has one value. */
export function isSingle(distribution: Distribution): boolean {
  return distribution.kind === "categorical"
    ? distribution.choices.length === 1
    : distribution.low === distribution.high;
}

/** A value as samplers count with it: numbers as they are, choices by their index. */
export function internalValue(distribution: Distribution, value: SettingValue): number {
  if (distribution.kind === "numeric") return Number(value);
  const text = valueText(value);
  return distribution.choices.findIndex((choice) => valueText(choice) === text);
}

/** The setting's value for a sampler's number. */
export function externalValue(distribution: Distribution, internal: number): SettingValue {
  return distribution.kind === "numeric" ? internal : distribution.choices[internal];
}

/** Rounds to the nearest whole number, halves to the even one, as NumPy and Python do. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
