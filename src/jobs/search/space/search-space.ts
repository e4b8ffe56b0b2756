/** A setting's value. A list of names is one value, such as the names of `targetModules`. */
export type SettingValue = string | number | boolean | readonly string[];

/** The values of a trial's settings. Settings whose condition does not hold are missing. */
export type Settings = { readonly [name: string]: SettingValue };

/** When a setting is part of a trial: each named setting has this value, or one of these. */
export type Condition = { readonly [name: string]: string | number | boolean | readonly (string | number | boolean)[] };

/** A real number from `low` to `high`, both included. */
export interface FloatRange {
  readonly type: "float";
  readonly low: number;
  readonly high: number;
  /** Whether the logarithm is uniform, for settings such as a learning rate. @default false */
  readonly log?: boolean;
  /** Distance of the values from `low` on. Not with `log`. */
  readonly step?: number;
  readonly when?: Condition;
}

/** A whole number from `low` to `high`, both included. */
export interface IntRange {
  readonly type: "int";
  readonly low: number;
  readonly high: number;
  /** Whether the logarithm is uniform. @default false */
  readonly log?: boolean;
  /** Distance of the values from `low` on. 1 with `log`. @default 1 */
  readonly step?: number;
  readonly when?: Condition;
}

/** One of several values without an order. */
export interface CategoricalRange {
  readonly type: "categorical";
  readonly choices: readonly SettingValue[];
  readonly when?: Condition;
}

/** The values that a setting may have. */
export type SettingRange = FloatRange | IntRange | CategoricalRange;

/** The settings to search, by name. A condition names settings above its own. */
export type SearchSpace = { readonly [name: string]: SettingRange };

/** Whether a range's condition holds for settings that are chosen already. */
export function isActive({ when }: SettingRange, chosen: Settings): boolean {
  return Object.entries(when ?? {}).every(([name, wanted]) => {
    const value = name in chosen ? valueText(chosen[name]) : undefined;
    const values = Array.isArray(wanted) ? (wanted as readonly (string | number | boolean)[]) : [wanted as string];
    return value !== undefined && values.some((one) => valueText(one) === value);
  });
}

/** A value as conditions compare it and as reports write it: names are joined by commas. */
export function valueText(value: SettingValue): string {
  return typeof value === "object" ? value.join(",") : String(value);
}
