export { banner, type BannerOptions } from "./banner";
export { comparisonFigure, type ComparisonFigureOptions, type ComparisonFigureRow } from "./comparison-figure";
export { comparisonTable, type ComparisonTableOptions, type ComparisonTableRow } from "./comparison-table";
export { confusionMatrixFigure, type ConfusionMatrixFigureOptions } from "./confusion-matrix-figure";
export { evaluationTable, type EvaluationTableInput, type EvaluationTableOptions } from "./evaluation-table";
export { figure, type PlotlyFigure } from "./figure";
export type { IntervalLike } from "./format";
export { frameTable, type FrameLike, type FrameTableOptions } from "./frame-table";
export { histogram, type HistogramOptions } from "./histogram";
export { keyValueTable, type KeyValue, type KeyValueTableOptions } from "./key-value-table";
export { liveFigure, type LiveFigure, type LiveFigureOptions } from "./live-figure";
export { lossCurve, type LossCurveOptions } from "./loss-curve";
export { markdown } from "./markdown";
export {
  precisionRecallFigure,
  type PrecisionRecallFigureCurve,
  type PrecisionRecallFigureOptions,
} from "./precision-recall-figure";
export { renderSvg } from "./render-svg";
export { reportTable, type ReportTableLine, type ReportTableOptions } from "./report-table";
export { rocFigure, type RocFigureCurve, type RocFigureOptions } from "./roc-figure";
export { partsTable, type PartsTableOptions } from "./parts-table";
export { severalTable, type SeveralTableInput, type SeveralTableOptions } from "./several-table";
export type { ChosenPoint } from "./share-curves";
export { show, type ShowInput, type ShowOptions } from "./show";
export { tableHtml } from "./table-html";
export { tableText } from "./table-text";
export { thresholdFigure, type ThresholdFigureCurve, type ThresholdFigureOptions } from "./threshold-figure";
export { thresholdTable, type ThresholdTableOptions, type ThresholdTableRow } from "./threshold-table";
export { trainingProgress, type TrainingProgress, type TrainingProgressOptions } from "./training-progress";
export type {
  Banner,
  Figure,
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
export type { TrainingEventLike } from "./training-event";
