export { auditTable, type AuditTableInput, type AuditTableOptions } from "./tables/audit-table";
export { banner, type BannerOptions } from "./banner";
export { comparisonFigure, type ComparisonFigureOptions, type ComparisonFigureRow } from "./plots/comparison-figure";
export { comparisonTable, type ComparisonTableOptions, type ComparisonTableRow } from "./tables/comparison-table";
export { confusionMatrixFigure, type ConfusionMatrixFigureOptions } from "./plots/confusion-matrix-figure";
export { evaluationTable, type EvaluationTableInput, type EvaluationTableOptions } from "./tables/evaluation-table";
export {
  experimentProgress,
  type ExperimentProgress,
  type ExperimentProgressOptions,
} from "./progress/experiment-progress";
export type { ExperimentEventLike } from "./progress/experiment-words";
export { figure, type PlotlyFigure } from "./plots/figure";
export type { IntervalLike } from "./format";
export { frameTable, type FrameLike, type FrameTableOptions } from "./tables/frame-table";
export { highlightedText, type AttributionLike, type HighlightOptions } from "./highlight";
export { histogram, type HistogramOptions } from "./plots/histogram";
export { keyValueTable, type KeyValue, type KeyValueTableOptions } from "./tables/key-value-table";
export {
  learningRateFigure,
  type LearningRateFigureOptions,
  type LearningRateTestLike,
} from "./plots/learning-rate-figure";
export {
  learningCurveFigure,
  type LearningCurveFigureOptions,
  type LearningCurveLike,
} from "./plots/learning-curve-figure";
export { liveFigure, type LiveFigure, type LiveFigureOptions } from "./progress/live-figure";
export { lossCurve, type LossCurveOptions } from "./plots/loss-curve";
export { markdown } from "./markdown";
export { methodPairsTable, type MethodPairLike, type MethodPairsTableOptions } from "./tables/method-pairs-table";
export { methodsTable, type MethodsTableOptions, type MethodSummaryLike } from "./tables/methods-table";
export {
  precisionRecallFigure,
  type PrecisionRecallFigureCurve,
  type PrecisionRecallFigureOptions,
} from "./plots/precision-recall-figure";
export { prevalenceFigure, type PrevalenceFigureCurve, type PrevalenceFigureOptions } from "./plots/prevalence-figure";
export {
  reliabilityFigure,
  type ReliabilityFigureCurve,
  type ReliabilityFigureOptions,
} from "./plots/reliability-figure";
export { renderSvg } from "./plotly/render-svg";
export { reportTable, type ReportTableLine, type ReportTableOptions } from "./tables/report-table";
export {
  riskCoverageFigure,
  type RiskCoverageFigureCurve,
  type RiskCoverageFigureOptions,
} from "./plots/risk-coverage-figure";
export { rocFigure, type RocFigureCurve, type RocFigureOptions } from "./plots/roc-figure";
export { parallelCoordinatesFigure, type ParallelCoordinatesOptions } from "./plots/parallel-coordinates-figure";
export { partsTable, type PartsTableOptions } from "./tables/parts-table";
export { runtimesTable, type RuntimesTableInput, type RuntimesTableOptions } from "./tables/runtimes-table";
export { searchHistoryFigure, type SearchHistoryOptions } from "./plots/search-history-figure";
export {
  settingImportanceFigure,
  type SettingImportanceFigureOptions,
  type SettingImportanceLike,
} from "./plots/setting-importance-figure";
export { severalTable, type SeveralTableInput, type SeveralTableOptions } from "./tables/several-table";
export type { ChosenPoint } from "./plots/share-curves";
export { show, type ShowInput, type ShowOptions } from "./show";
export {
  sweepProgress,
  type SweepEventLike,
  type SweepProgress,
  type SweepProgressOptions,
} from "./progress/sweep-progress";
export { tableHtml } from "./tables/table-html";
export { tableText } from "./tables/table-text";
export { thresholdFigure, type ThresholdFigureCurve, type ThresholdFigureOptions } from "./plots/threshold-figure";
export { thresholdTable, type ThresholdTableOptions, type ThresholdTableRow } from "./tables/threshold-table";
export { trainingProgress, type TrainingProgress, type TrainingProgressOptions } from "./progress/training-progress";
export { trialCurvesFigure, type TrialCurvesOptions } from "./plots/trial-curves-figure";
export type { MetricOptions, TrialLike } from "./plots/trial-like";
export { trialsTable, type TrialsTableOptions } from "./tables/trials-table";
export type {
  Banner,
  Figure,
  Highlight,
  HighlightedText,
  Markdown,
  Showable,
  Table,
  TableCell,
  TableCellDetail,
  TableColumn,
  TableRow,
  Trace,
} from "./types";
export type { Output } from "./output";
export type { TrainingEventLike } from "./progress/training-event";
