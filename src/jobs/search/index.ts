export {
  settingImportances,
  type ImportanceOptions,
  type ScoredTrial,
  type SettingImportance,
} from "./importance/setting-importances";
export type { RecordedTrial } from "./journal/sweep-journal";
export type { AshaOptions, PrunerOptions } from "./pruner/pruner-options";
export type { SamplerOptions, TpeOptions } from "./samplers/sampler";
export type {
  CategoricalRange,
  Condition,
  FloatRange,
  IntRange,
  SearchSpace,
  SettingRange,
  Settings,
  SettingValue as TrialSetting,
} from "./space/search-space";
export { readSweep, type SweepRecord } from "./sweep/read-sweep";
export type { SearchLimits } from "./sweep/search-options";
export { sweep } from "./sweep/sweep";
export type { SearchEvent, SearchSummary, SweepEvent, SweepSummary } from "./sweep/sweep-event";
export type { SweepOptions, TrialOption } from "./sweep/sweep-options";
export { winnerLines } from "./winner/winner-lines";
export type { Estimate, SelectionEstimate, WinnerReport } from "./winner/winner-report";
