/** tslora: LoRA fine-tuning of text classifiers in TypeScript. What the notebooks import. */
export { outputFolder } from "./base/output-folder";
export { TsloraError, type TsloraErrorCode } from "./base/tslora-error";
export { loadClassifier, type LoadClassifierOptions } from "./classifier/load-classifier";
export { SequenceClassifier, type ModelOrigin, type ParameterCount, type TextTokenizer } from "./classifier/sequence-classifier";
export * from "./corpus";
export { environmentReport, type EnvironmentReport, type EnvironmentRow } from "./device/environment-report";
export * from "./evaluation";
export { conclusions } from "./evaluation/conclusions";
export { readResults, writeResults, type StudyResults } from "./evaluation/study-results";
export * from "./figures";
export * from "./hub";
export type { LoraConfig } from "./lora/lora-config";
export type { ProblemType } from "./model/encoder-config";
export type { SavedAdapter } from "./lora/save-adapter";
export * from "./tokenizer";
export { train } from "./training/train";
export type { TrainEvent, TrainSummary } from "./training/train-event";
export type { LrSchedulerType, MetricName, TrainOptions, TrainingData } from "./training/train-options";
