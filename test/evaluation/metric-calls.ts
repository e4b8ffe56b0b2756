import { accuracyScore } from "../../src/evaluation/metrics/accuracy-score";
import { averagePrecisionScore } from "../../src/evaluation/metrics/average-precision-score";
import { balancedAccuracyScore } from "../../src/evaluation/metrics/balanced-accuracy-score";
import { brierScoreLoss } from "../../src/evaluation/metrics/brier-score-loss";
import { classificationReport } from "../../src/evaluation/metrics/classification-report";
import { classificationReportDict } from "../../src/evaluation/metrics/classification-report-dict";
import { cohenKappaScore } from "../../src/evaluation/metrics/cohen-kappa-score";
import { confusionMatrix } from "../../src/evaluation/metrics/confusion-matrix";
import { logLoss } from "../../src/evaluation/metrics/log-loss";
import { matthewsCorrcoef } from "../../src/evaluation/metrics/matthews-corrcoef";
import { precisionRecallCurve } from "../../src/evaluation/metrics/precision-recall-curve";
import {
  f1Score,
  fbetaScore,
  precisionScore,
  recallScore,
} from "../../src/evaluation/metrics/precision-recall-f1-score";
import { precisionRecallFscoreSupport } from "../../src/evaluation/metrics/precision-recall-fscore-support";
import { rocAucScore } from "../../src/evaluation/metrics/roc-auc-score";
import { rocCurve } from "../../src/evaluation/metrics/roc-curve";

/** A call of a function of scikit-learn's, under its names, as a golden file or a parity case holds it. */
export interface MetricCall {
  readonly fn: keyof typeof FUNCTIONS;
  readonly yTrue: unknown;
  /** Predicted labels, or scores. */
  readonly y: unknown;
  readonly kwargs: Readonly<Record<string, unknown>>;
}

/** A function that is called: arguments come from JSON, so that no compiler knows their types. */
type Anything = (yTrue: never, y: never, options: never) => unknown;

const FUNCTIONS = {
  accuracy_score: accuracyScore as Anything,
  average_precision_score: averagePrecisionScore as Anything,
  balanced_accuracy_score: balancedAccuracyScore as Anything,
  brier_score_loss: brierScoreLoss as Anything,
  classification_report: ((yTrue: never, yPred: never, { outputDict, ...options }: { outputDict?: boolean }) =>
    outputDict === true
      ? classificationReportDict(yTrue, yPred, options)
      : classificationReport(yTrue, yPred, options)) as Anything,
  cohen_kappa_score: cohenKappaScore as Anything,
  confusion_matrix: confusionMatrix as Anything,
  f1_score: f1Score as Anything,
  fbeta_score: fbetaScore as Anything,
  log_loss: logLoss as Anything,
  matthews_corrcoef: matthewsCorrcoef as Anything,
  precision_recall_curve: ((...args: Parameters<typeof precisionRecallCurve>) => {
    const { precision, recall, thresholds } = precisionRecallCurve(...args);
    return [precision, recall, thresholds];
  }) as Anything,
  precision_recall_fscore_support: ((...args: Parameters<typeof precisionRecallFscoreSupport>) => {
    const { precision, recall, fscore, support } = precisionRecallFscoreSupport(...args);
    return [precision, recall, fscore, support];
  }) as Anything,
  precision_score: precisionScore as Anything,
  recall_score: recallScore as Anything,
  roc_auc_score: rocAucScore as Anything,
  roc_curve: ((...args: Parameters<typeof rocCurve>) => {
    const { fpr, tpr, thresholds } = rocCurve(...args);
    return [fpr, tpr, thresholds];
  }) as Anything,
};

/**
 * Calls our function of that name; `None` for an average is "none" here, and `multi_class` has no value that raises.
 */
export function callMetric({ fn, yTrue, y, kwargs }: MetricCall): unknown {
  const options = Object.entries(kwargs).map(
    ([name, value]) =>
      [
        name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()),
        name === "average" && value === null ? "none" : value,
      ] as const,
  );
  return FUNCTIONS[fn](yTrue as never, y as never, Object.fromEntries(options) as never);
}

/**
 * The largest difference of two results of any shape: of numbers by 1 or the greater one's size, NaN where one is NaN
 * or the shapes differ.
 */
export function difference(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number")
    return Object.is(a, b) || a === b ? 0 : Math.abs(a - b) / Math.max(1, Math.abs(b));
  if (a === b) return 0;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return NaN;
  const [keys, others] = [Object.keys(a), Object.keys(b)];
  if (keys.length !== others.length || !keys.every((key) => key in b)) return NaN;
  return keys.reduce((worst, key) => {
    const one = difference((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]);
    return Number.isNaN(one) || one > worst ? one : worst;
  }, 0);
}

const SPECIAL: Readonly<Record<string, number>> = { nan: NaN, inf: Infinity, "-inf": -Infinity };

/** Puts back what JSON lacks: NaN and infinities, which are written `{ "float": "nan" }`. */
export function reviveFloats(_key: string, value: unknown): unknown {
  return typeof value === "object" && value !== null && "float" in value ? SPECIAL[String(value.float)] : value;
}

/** The same the other way, for what Python is to read. */
export function plainFloats(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value))
    return { float: Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf" };
  if (Array.isArray(value)) return value.map(plainFloats);
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainFloats(one)]))
    : value;
}
