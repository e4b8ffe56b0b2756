/** tslora: LoRA fine-tuning of text classifiers in TypeScript. What the notebooks import. */
export {
  attribute,
  type AttributeOptions,
  type Attribution,
  type AttributionMethod,
  type TokenAttribution,
  type WordAttribution,
} from "./attribution/attribute";
export {
  faithfulness,
  type Faithfulness,
  type FaithfulnessCurve,
  type FaithfulnessOptions,
} from "./attribution/faithfulness";
export { leaveOneOut, randomScores } from "./attribution/other-rankings";
export type { PlacedWord, RankedWords } from "./attribution/ranked-words";
export * from "./audit";
export { outputFolder } from "./base/files/output-folder";
export { TsloraError, type TsloraErrorCode } from "./base/tslora-error";
export { encoderFeatures } from "./classifier/encoder-features";
export { clearFrozenPrefixCache } from "./classifier/prefix-cache/cache-room";
export { loadClassifier, type LoadClassifierOptions } from "./classifier/load-classifier";
export {
  setPrecision,
  type PrecisionCheck,
  type PrecisionComparison,
  type PrecisionReport,
  type SetPrecisionOptions,
} from "./classifier/set-precision";
export type { PredictionPrecision } from "./classifier/precisions";
export type { Int8Weights } from "./model/int8-weights";
export type { ParameterCount } from "./classifier/parameter-count";
export type { TrainingMethod } from "./classifier/training-method";
export { SequenceClassifier, type ModelOrigin, type TextTokenizer } from "./classifier/sequence-classifier";
export * from "./corpus";
export type { DataFrame, Series } from "danfojs-node";
export type { Device, DeviceOption, DeviceOptions } from "./device/device";
export { resolveDevice } from "./device/open-device";
export { environmentReport, type EnvironmentReport } from "./doctor/environment-report";
export type { EnvironmentRow } from "./doctor/environment-row";
export * from "./evaluation";
export { conclusions } from "./evaluation/comparison/conclusions";
export * from "./experiment";
export { exportOnnx, type ExportOnnxOptions, type OnnxExport } from "./export/export-onnx";
export { loadOnnxClassifier, type LoadOnnxOptions, type OnnxClassifier } from "./export/onnx-classifier";
export { compareRuntimes, type RuntimeComparison, type RuntimeFolders } from "./export/runtimes/compare-runtimes";
export type { RuntimeLogits } from "./export/runtimes/runtime-logits";
export { writePage, type WritePageOptions, type WrittenPage } from "./export/page/write-page";
export { quantizationCost, type QuantizationCost } from "./export/quantization-cost";
export * from "./figures";
export * from "./hub";
export { predictFiles, type PredictFilesEvent, type PredictFilesSummary } from "./jobs/prediction/predict-files";
export type { PredictFilesOptions } from "./jobs/prediction/predict-files-options";
export type { PredictionProgress } from "./jobs/prediction/prediction-meter";
export * from "./jobs/search";
export type { AdapterState, MergeOptions } from "./lora/adapter-set";
export type { EvaConfig, LoraConfig } from "./lora/lora-config";
export type { MergeCheck } from "./lora/merge-check";
export type { ProblemType } from "./model/encoder-config";
export type { SavedAdapter } from "./lora/save-adapter";
export {
  compareOutputs,
  notebookPage,
  parseNotebook,
  readNotebook,
  readParameters,
  runNotebook,
  saveNotebook,
  type Cell,
  type CellOutcome,
  type CellPlace,
  type CellReport,
  type CompareOptions,
  type Notebook,
  type NotebookParameter,
  type OutputDifference,
  type RunEvent,
  type RunOptions,
  type RunSummary,
} from "./notebook";
export * from "./report";
export { serve, type TextServer } from "./serve/serve";
export { type AdapterFolders, type ServeOptions } from "./serve/serve-options";
export * from "./tokenizer";
export { initializeLoraEvaWeights, type InitializeEvaOptions } from "./training/initialize-lora-eva-weights";
export { readTrainingLog } from "./training/log/read-training-log";
export { balancedClassWeights } from "./training/loss/class-weights";
export { findLearningRate } from "./training/range-test/find-learning-rate";
export type { LearningRateOptions } from "./training/range-test/learning-rate-options";
export type {
  LearningRateEvent,
  LearningRatePoint,
  LearningRateSuggestion,
  LearningRateTest,
} from "./training/range-test/learning-rate-test";
export { train } from "./training/train";
export {
  trainAndEvaluate,
  type ClassifiedTexts,
  type TrainAndEvaluateOptions,
  type TrainAndEvaluateResult,
} from "./training/train-and-evaluate";
export type { ResumeEvent, TrainEvent, TrainSummary, WarningEvent } from "./training/train-event";
export type {
  LrSchedulerType,
  MetricName,
  SamplingStrategy,
  TrainOptions,
  TrainingData,
} from "./training/options/train-options";
