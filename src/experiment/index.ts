export { compareMethods, type Adjusted, type CompareMethodsOptions, type MethodPair } from "./compare-methods";
export type { ExperimentEvent, ExperimentSummary } from "./experiment-event";
export { experimentConclusions, type ExperimentConclusionsOptions } from "./experiment-conclusions";
export type { CurveOptions, ExperimentOptions, FoldOptions, HoldoutOptions } from "./experiment-options";
export { learningCurves, type LearningCurve, type LearningCurvePoint } from "./learning-curve";
export { studyMethods, type Method, type MethodTraining, type StudyMethodOptions } from "./method";
export { rankCurves, rankSeries, type RankSeries, type RankSeriesOptions } from "./rank-curve";
export type { RunPart } from "./planned-run";
export { runExperiment } from "./run-experiment";
export type { RunPrediction, RunResult } from "./run-result";
export {
  summarizeRuns,
  type ExperimentSummaries,
  type MethodSummary,
  type ScoreSummary,
  type SummarizeOptions,
} from "./summarize-runs";
