export { applyThreshold } from "./threshold/apply-threshold";
export type { BaselineOptions } from "./baseline/baseline-terms";
export { evaluateBaseline, trainBaseline } from "./baseline/evaluate-baseline";
export {
  evaluateMultiLabelBaseline,
  trainMultiLabelBaseline,
  type MultiLabelBaselineOptions,
} from "./baseline/evaluate-multi-label-baseline";
export { LogisticRegression, type LogisticRegressionOptions } from "./baseline/logistic-regression";
export type { SparseMatrix } from "./baseline/sparse-matrix";
export { TfidfVectorizer, type TfidfOptions } from "./baseline/tfidf-vectorizer";
export { applyCalibration } from "./calibration/apply-calibration";
export { shareRead, type Cascade, type CascadeRecall } from "./cascade/cascade";
export { fitCascade } from "./cascade/fit-cascade";
export type { FitCascadeOptions } from "./cascade/fit-cascade-options";
export { loadCascade, saveCascade } from "./cascade/stored-cascade";
export { brierDecomposition, type BrierDecomposition } from "./calibration/brier-decomposition";
export type {
  Calibration,
  CalibrationFacts,
  CalibrationMethod,
  IsotonicCalibration,
  IsotonicCurve,
  SigmoidCalibration,
  SigmoidCurve,
  TemperatureCalibration,
} from "./calibration/calibration";
export { calibrationCurve, type CalibrationCurve } from "./calibration/calibration-curve";
export {
  classwiseCalibrationError,
  expectedCalibrationError,
  maximumCalibrationError,
} from "./calibration/calibration-error";
export { calibrationReport, type CalibrationReport } from "./calibration/calibration-report";
export type { BinOptions, Probabilities } from "./calibration/check-probabilities";
export { fitCalibration, type FitCalibrationOptions } from "./calibration/fit-calibration";
export { logitsOf, type LogitsAndLabels } from "./calibration/logits-of";
export {
  loadCalibration,
  loadConformal,
  saveCalibration,
  saveConformal,
  type StoredOptions,
} from "./calibration/stored-calibration";
export {
  compareEvaluations,
  type CompareOptions,
  type Comparison,
  type ComparisonRow,
} from "./comparison/compare-evaluations";
export {
  compareSeveral,
  type CompareSeveralOptions,
  type SeveralComparison,
  type SeveralRow,
} from "./comparison/compare-several";
export {
  correctedResampledTTest,
  type CorrectedResampledTTest,
  type CorrectedResampledTTestOptions,
} from "./comparison/corrected-resampled-t-test";
export { holmCorrection } from "./comparison/holm-correction";
export {
  pairedBootstrapTest,
  type PairedBootstrapOptions,
  type PairedBootstrapTest,
} from "./comparison/paired-bootstrap-test";
export { publishedOutcomes } from "./comparison/published-change";
export { SCORE_NAMES, type ScoreName, type Scores } from "./comparison/weighted-scores";
export type { ComparisonGroup, NamedEvaluation } from "./comparison/comparison-metrics";
export {
  conformalQuantile,
  fewestCalibrationTexts,
  fitConformal,
  predictionSets,
  type Conformal,
  type FitConformalOptions,
} from "./conformal/conformal";
export type { ConformityScore } from "./conformal/conformity-score";
export { confidencesOf, riskCoverageCurve, type RiskCoverageCurve } from "./conformal/risk-coverage";
export {
  selectWithGuaranteedRisk,
  type GuaranteedRisk,
  type GuaranteedRiskOptions,
} from "./conformal/select-with-guaranteed-risk";
export { evaluate, type EvaluateOptions } from "./evaluate";
export {
  evaluateMultiLabel,
  type MultiLabelEvaluation,
  type EvaluateMultiLabelOptions,
  type MultiLabelScores,
} from "./evaluate-multi-label";
export type { MultiLabelText, MultiLabelTexts } from "./multi-label-texts";
export {
  evaluatePredictions,
  type EvaluatedText,
  type Evaluation,
  type LabelEvaluation,
  type Predictions,
} from "./evaluation";
export { bootstrapInterval, bootstrapIntervals, type BootstrapOptions } from "./intervals/bootstrap-interval";
export type { Interval } from "./intervals/interval";
export { mcnemarTest, type McNemarResult } from "./intervals/mcnemar-test";
export { wilsonInterval } from "./intervals/wilson-interval";
export { judgeChange, type ChangeJudgement, type JudgeOptions, type Verdict } from "./comparison/judge-change";
export type { LabelledText, LabelledTexts, TextFrame } from "./labelled-texts";
export { accuracyScore } from "./metrics/accuracy-score";
export { averagePrecisionScore, type AveragePrecisionOptions } from "./metrics/average-precision-score";
export { balancedAccuracyScore } from "./metrics/balanced-accuracy-score";
export { brierScoreLoss } from "./metrics/brier-score-loss";
export { classificationReport } from "./metrics/classification-report";
export { classificationReportDict, type ReportDict, type ReportEntry } from "./metrics/classification-report-dict";
export { cohenKappaScore } from "./metrics/cohen-kappa-score";
export { confusionMatrix } from "./metrics/confusion-matrix";
export { formatFixed } from "./metrics/format-fixed";
export type { LabelIndicators } from "./metrics/label-indicators";
export { logLoss } from "./metrics/log-loss";
export { matthewsCorrcoef } from "./metrics/matthews-corrcoef";
export type { ClassAverage } from "./metrics/one-vs-rest";
export { precisionRecallCurve, type PrecisionRecallCurve } from "./metrics/precision-recall-curve";
export {
  f1Score,
  fbetaScore,
  precisionScore,
  recallScore,
  type SingleScoreOptions,
} from "./metrics/precision-recall-f1-score";
export {
  precisionRecallFscoreSupport,
  type Average,
  type AveragedScores,
  type LabelScores,
  type ScoreOptions,
} from "./metrics/precision-recall-fscore-support";
export type { ReportOptions } from "./metrics/report-rows";
export { rocAucScore, type RocAucOptions } from "./metrics/roc-auc-score";
export { rocCurve, type RocCurve } from "./metrics/roc-curve";
export type { WeightOptions } from "./metrics/sample-weight";
export type { Label, Labels } from "./metrics/targets";
export type { ZeroDivision } from "./metrics/zero-division";
export { nextStepConclusions, type TriedStep } from "./comparison/next-step-conclusions";
export { predict, type Prediction, type PredictionOptions } from "./predict";
export { publishedStudy, type PublishedRow } from "./comparison/published-study";
export { scoresOf, type BinaryScores } from "./scores-of";
export { detectOutliers, outOfDistributionAuc, type Detector } from "./shift/detector";
export {
  compareWithTraining,
  type CompareWithTrainingOptions,
  type TrainingComparison,
} from "./shift/compare-with-training";
export { fitMahalanobis, type MahalanobisOptions } from "./shift/mahalanobis";
export { fitNearestNeighbors, type NearestNeighborsOptions } from "./shift/nearest-neighbors";
export {
  countsOf,
  precisionAtPrevalence,
  type BinaryCounts,
  type PrecisionAtPrevalence,
  type PrevalenceCurve,
  type PrevalenceOptions,
} from "./shift/precision-at-prevalence";
export {
  correctPriors,
  estimatePriors,
  type EstimatedPriors,
  type EstimatePriorsOptions,
} from "./shift/prior-correction";
export type { PredictLogitsOptions, TextClassifier } from "./text-classifier";
export { thresholdCurve, type ThresholdCurve } from "./threshold/threshold-curve";
export { describeGoal, type ThresholdGoal, type ThresholdMetric } from "./threshold/threshold-goal";
export { tryThresholds, type TriedThreshold } from "./threshold/try-thresholds";
export { tuneThreshold, type TunedThreshold } from "./threshold/tune-threshold";
