import { distributionOf, isSingle, type Distribution } from "../space/distribution";
import type { SearchSpace, SettingValue } from "../space/search-space";
import { internalValue } from "../space/distribution";
import { gridDensity, gridPlaces } from "./grid-density";

/** A trial for {@link settingImportances}; one without a value does not count. */
export interface ScoredTrial {
  readonly settings: { readonly [name: string]: SettingValue };
  readonly value?: number;
}

/** Options of {@link settingImportances}. */
export interface ImportanceOptions {
  readonly space: SearchSpace;
  readonly direction: "maximize" | "minimize";
  /** The importance is that for being among this share of the best trials. @default 0.1 */
  readonly targetQuantile?: number;
}

/** A setting's importance. */
export interface SettingImportance {
  readonly name: string;
  /** The Pearson divergence of PED-ANOVA. */
  readonly importance: number;
  /** Its share of the sum. */
  readonly share: number;
}

const FEWEST = 2; // trials of a setting with its condition

/**
 * The importance of settings for good values, by PED-ANOVA (Watanabe, Bansal and Hutter, "PED-ANOVA", 2023): how much
 * the density of a setting among the best trials differs from that among all trials. The numbers are those of Optuna
 * 5's `PedAnovaImportanceEvaluator`, settings with conditions included. With fewer than some 50 trials they are coarse.
 *
 * @returns the most important first; all 0 for fewer than two trials
 */
export function settingImportances(trials: readonly ScoredTrial[], options: ImportanceOptions): SettingImportance[] {
  const { space, direction, targetQuantile = 0.1 } = options;
  const complete = trials.filter(isScored);
  const names = Object.keys(space).filter((name) => complete.some(({ settings }) => name in settings));
  const sign = direction === "minimize" ? 1 : -1;
  const ranked = complete.map(({ value }) => sign * value).sort((a, b) => a - b);
  const cut = ranked[Math.ceil(targetQuantile * ranked.length) - 1];
  const isTop = ({ value }: Required<ScoredTrial>): boolean => sign * value <= cut;
  const top = complete.filter(isTop).length;
  const found = names.map((name) => {
    const distribution = distributionOf(space[name]);
    const having = complete.filter(({ settings }) => name in settings);
    const best = having.filter(isTop);
    if (complete.length <= 1 || having.length < FEWEST || best.length === 0 || isSingle(distribution))
      return { name, importance: 0 };
    const share = (best.length / top) ** 2 / (having.length / complete.length);
    const values = (of: readonly Required<ScoredTrial>[]): number[] =>
      of.map(({ settings }) => internalValue(distribution, settings[name]));
    return {
      name,
      importance: (top / complete.length) ** 2 * share * divergence(distribution, values(best), values(having)),
    };
  });
  const sum = found.reduce((all, { importance }) => all + importance, 0);
  return found
    .map(({ name, importance }) => ({ name, importance, share: sum === 0 ? 0 : importance / sum }))
    .sort((a, b) => b.importance - a.importance);
}

function isScored(trial: ScoredTrial): trial is Required<ScoredTrial> {
  return Number.isFinite(trial.value);
}

/** The Pearson divergence of the density of the best values from that of all. */
function divergence(distribution: Distribution, best: readonly number[], all: readonly number[]): number {
  const [top, local] = [best, all].map((values) =>
    gridDensity(gridPlaces(distribution, values), { isCategorical: distribution.kind === "categorical" }),
  );
  return local.reduce((sum, density, i) => sum + density * (top[i] / density - 1) ** 2, 0);
}
