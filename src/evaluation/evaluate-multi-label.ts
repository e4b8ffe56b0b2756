import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import { DEFAULT_CONFIDENCE, expectConfidence, type Interval } from "./intervals/interval";
import { multiLabelIntervals } from "./intervals/multi-label-intervals";
import { wilsonInterval } from "./intervals/wilson-interval";
import { averagePrecisionScore } from "./metrics/average-precision-score";
import { classificationReport } from "./metrics/classification-report";
import { mean } from "./metrics/mean";
import { precisionRecallFscoreSupport } from "./metrics/precision-recall-fscore-support";
import { rocAucScore } from "./metrics/roc-auc-score";
import { decideLabels } from "./decide-labels";
import { predictRows } from "./predict-rows";
import { readMultiLabelTexts, type MultiLabelTexts } from "./multi-label-texts";
import { binaryCrossEntropy, sigmoid } from "./sigmoid";
import type { PredictLogitsOptions, TextClassifier } from "./text-classifier";
import { untrainedNotice } from "./untrained-notice";

/** Options of {@link evaluateMultiLabel}: passes, progress, threshold and intervals. */
export interface EvaluateMultiLabelOptions extends PredictLogitsOptions {
  /** Confidence level of all intervals. @default 0.95 */
  readonly confidence?: number;
  /** A label is predicted if its probability is at least this. @default a label is predicted above 0.5 */
  readonly threshold?: number;
}

/** Scores of one label. */
export interface MultiLabelScores {
  readonly label: number;
  readonly name: string;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  /** Bootstrap interval of F1; null if no text has the label. */
  readonly f1Interval: Interval | null;
  /** Number of texts with the label. */
  readonly support: number;
  /** null if no text has the label, or all have it. */
  readonly rocAuc: number | null;
  /** null if no text has the label. */
  readonly averagePrecision: number | null;
}

/** Scores of a classifier on texts that may have several labels. Plain values that can be saved as JSON. */
export interface MultiLabelEvaluation {
  readonly n: number;
  readonly labels: readonly string[];
  /** The share of texts whose labels were all predicted correctly, with no other label. */
  readonly accuracy: number;
  /** Wilson's interval. The other intervals are bootstrap intervals over the texts. */
  readonly accuracyInterval: Interval;
  /** The share of wrong predictions over all texts and labels. */
  readonly hammingLoss: number;
  readonly hammingLossInterval: Interval;
  readonly f1Micro: number;
  readonly f1MicroInterval: Interval;
  readonly f1Macro: number;
  readonly f1MacroInterval: Interval;
  readonly perLabel: readonly MultiLabelScores[];
  /** scikit-learn's classification report, including the average over texts. */
  readonly report: string;
  /** Mean binary cross entropy of all texts and labels, in nats. */
  readonly loss: number;
  readonly predictions: readonly {
    readonly index: number;
    readonly yTrue: readonly number[];
    readonly yPred: readonly number[];
    readonly probabilities: readonly number[];
  }[];
  readonly elapsedSeconds: number;
  /** A warning that lists untrained random weights; undefined if all are trained. */
  readonly notice?: string;
}

/**
 * Predicts every text and scores the predictions for each label. A label is predicted if its probability is above 0.5
 * or, with a threshold, at least the threshold (`decide-labels.ts`). The bootstrap draws whole texts, with all their
 * labels. Scores that would divide by zero are 0, as in scikit-learn.
 *
 * @throws TsloraError `bad-input` for rows that cannot be evaluated, `unsupported` for a classifier of one label per
 *   text.
 */
export async function evaluateMultiLabel(
  classifier: TextClassifier,
  data: MultiLabelTexts,
  options: EvaluateMultiLabelOptions = {},
): Promise<MultiLabelEvaluation> {
  if (classifier.problemType !== "multi_label_classification")
    throw new TsloraError(
      "unsupported",
      'evaluateMultiLabel: this classifier\'s texts have one label each. Use evaluate, or load the classifier with problemType "multi_label_classification".',
    );
  const { labels } = classifier;
  const { threshold, confidence = DEFAULT_CONFIDENCE, ...predictOptions } = options;
  const problems = new Problems("evaluateMultiLabel");
  expectConfidence(problems, confidence);
  problems.expect(
    threshold === undefined || (threshold >= 0 && threshold <= 1),
    `threshold must be a number from 0 to 1; got ${String(threshold)}`,
  );
  problems.throwIfAny();
  const { texts, flags } = readMultiLabelTexts("evaluateMultiLabel", data, labels);
  const start = performance.now();
  const rows = await predictRows("evaluateMultiLabel", classifier, { ...predictOptions, texts });
  const elapsedSeconds = (performance.now() - start) / 1000;
  const predictions = rows.map((row, index) => ({
    index,
    yTrue: [...flags[index]],
    yPred: decideLabels(row, { threshold }),
    probabilities: row.map(sigmoid),
  }));
  const [yTrue, yPred] = [predictions.map((one) => one.yTrue), predictions.map((one) => one.yPred)];
  const intervals = multiLabelIntervals({ yTrue, yPred }, { confidence });
  const perLabel = labels.map((name, label) =>
    scoresOfLabel(predictions, { name, label, f1Interval: intervals.f1[label] }),
  );
  const wrong = predictions.map(({ yTrue, yPred }) => yTrue.filter((flag, label) => flag !== yPred[label]).length);
  const right = wrong.filter((count) => count === 0).length;
  return {
    n: texts.length,
    labels: [...labels],
    accuracy: right / texts.length,
    accuracyInterval: wilsonInterval(right, texts.length, { confidence }),
    hammingLoss: mean(wrong) / labels.length,
    hammingLossInterval: intervals.hammingLoss,
    f1Micro: precisionRecallFscoreSupport(yTrue.flat(), yPred.flat(), { labels: [1] }).fscore[0],
    f1MicroInterval: intervals.f1Micro,
    f1Macro: mean(perLabel.map(({ f1 }) => f1)),
    f1MacroInterval: intervals.f1Macro,
    perLabel,
    report: classificationReport(yTrue, yPred, { targetNames: labels }),
    loss: mean(rows.flatMap((row, i) => row.map((score, label) => binaryCrossEntropy(score, flags[i][label])))),
    predictions,
    elapsedSeconds,
    ...untrainedNotice(classifier),
  };
}

function scoresOfLabel(
  predictions: MultiLabelEvaluation["predictions"],
  { name, label, f1Interval }: { name: string; label: number; f1Interval: Interval },
): MultiLabelScores {
  const yTrue = predictions.map((prediction) => prediction.yTrue[label]);
  const yPred = predictions.map((prediction) => prediction.yPred[label]);
  const scores = predictions.map(({ probabilities }) => probabilities[label]);
  const { precision, recall, fscore, support } = precisionRecallFscoreSupport(yTrue, yPred, { labels: [1] });
  const [none, every] = [support[0] === 0, support[0] === predictions.length];
  return {
    label,
    name,
    precision: precision[0],
    recall: recall[0],
    f1: fscore[0],
    f1Interval: none ? null : f1Interval,
    support: support[0],
    rocAuc: none || every ? null : rocAucScore(yTrue, scores),
    averagePrecision: none ? null : averagePrecisionScore(yTrue, scores),
  };
}
