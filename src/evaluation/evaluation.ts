import { DEFAULT_CONFIDENCE, type Interval } from "./intervals/interval";
import { wilsonInterval } from "./intervals/wilson-interval";
import { averagePrecisionScore } from "./metrics/average-precision-score";
import { classificationReport } from "./metrics/classification-report";
import { confusionMatrix } from "./metrics/confusion-matrix";
import { accuracyScore } from "./metrics/accuracy-score";
import { precisionRecallFscoreSupport } from "./metrics/precision-recall-fscore-support";
import { rocAucScore } from "./metrics/roc-auc-score";

/** Scores of one label. */
export interface LabelEvaluation {
  /** The class, counted from 0. */
  readonly label: number;
  readonly name: string;
  /** The share of this label's texts that were predicted correctly, which is its recall. */
  readonly accuracy: number;
  /** Wilson's interval of the accuracy; null if no text has the label. */
  readonly accuracyInterval: Interval | null;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Number of texts with the label. */
  readonly support: number;
}

/** Prediction for one text. */
export interface EvaluatedText {
  /** The row in the data. */
  readonly index: number;
  readonly yTrue: number;
  readonly yPred: number;
  /** Scores of each label. */
  readonly probabilities: readonly number[];
}

/** Scores of a classifier on labelled texts. Plain values that can be saved as JSON. */
export interface Evaluation {
  /** Number of texts. */
  readonly n: number;
  /** Names of the classes. */
  readonly labels: readonly string[];
  readonly accuracy: number;
  readonly accuracyInterval: Interval;
  readonly perLabel: readonly LabelEvaluation[];
  /** [true label, predicted label] */
  readonly confusionMatrix: readonly (readonly number[])[];
  /** scikit-learn's classification report. */
  readonly report: string;
  /** Mean cross entropy in nats. */
  readonly loss: number;
  /**
   * Area under the ROC curve: for two labels of the second one, for more the mean of each against the rest; null if a
   * label has no text.
   */
  readonly rocAuc: number | null;
  /** Average precision, averaged over labels like `rocAuc`; null if a label has no text. */
  readonly averagePrecision: number | null;
  readonly predictions: readonly EvaluatedText[];
  readonly elapsedSeconds: number;
  /** A warning that lists untrained random weights; undefined if all are trained. */
  readonly notice?: string;
}

/** Inputs of an {@link Evaluation}. */
export interface Predictions {
  readonly labels: readonly string[];
  readonly predictions: readonly EvaluatedText[];
  readonly loss: number;
  readonly elapsedSeconds: number;
  /** Confidence level of all intervals. @default 0.95 */
  readonly confidence?: number;
}

/** Scores predictions, also for labels that do not occur. */
export function evaluatePredictions({
  labels: names,
  predictions,
  loss,
  elapsedSeconds,
  confidence = DEFAULT_CONFIDENCE,
}: Predictions): Evaluation {
  const yTrue = predictions.map((p) => p.yTrue);
  const yPred = predictions.map((p) => p.yPred);
  const labels = names.map((_, label) => label);
  const matrix = confusionMatrix(yTrue, yPred, { labels });
  const { precision, recall, fscore, support } = precisionRecallFscoreSupport(yTrue, yPred, { labels });
  const right = matrix.reduce((sum, row, label) => sum + row[label], 0);
  const perLabel = names.map((name, label) => ({
    label,
    name,
    accuracy: recall[label],
    accuracyInterval:
      support[label] === 0 ? null : wilsonInterval(matrix[label][label], support[label], { confidence }),
    precision: precision[label],
    recall: recall[label],
    f1: fscore[label],
    support: support[label],
  }));
  const curves = support.includes(0) ? null : predictions.map((p) => p.probabilities);
  return {
    n: predictions.length,
    labels: [...names],
    accuracy: accuracyScore(yTrue, yPred),
    accuracyInterval: wilsonInterval(right, predictions.length, { confidence }),
    perLabel,
    confusionMatrix: matrix,
    report: classificationReport(yTrue, yPred, { labels, targetNames: names }),
    loss,
    rocAuc: curves && rocAucScore(yTrue, names.length === 2 ? curves.map((p) => p[1]) : curves),
    averagePrecision: curves && averagePrecisionScore(yTrue, names.length === 2 ? curves.map((p) => p[1]) : curves),
    predictions,
    elapsedSeconds,
  };
}
