import { decideClass, decideLabels } from "../../evaluation/decide-labels";
import { accuracyScore } from "../../evaluation/metrics/accuracy-score";
import { balancedAccuracyScore } from "../../evaluation/metrics/balanced-accuracy-score";
import { matthewsCorrcoef } from "../../evaluation/metrics/matthews-corrcoef";
import { precisionRecallFscoreSupport } from "../../evaluation/metrics/precision-recall-fscore-support";
import type { ClassificationLoss, ExampleLabel } from "../loss/classification-loss";
import { lossOfLogits } from "../loss/loss-of-logits";
import type { MetricName } from "../options/train-options";

/** An evaluation's metrics by name. */
export type Metrics = { readonly loss: number; readonly accuracy: number; readonly f1: number } & {
  readonly [Name in MetricName]?: number;
};

/** Results of an evaluation. */
export interface ValidationResult {
  readonly metrics: Metrics;
  /** The class that was predicted for every text although the texts belong to several classes; else undefined. */
  readonly onlyClass: number | undefined;
}

/**
 * Scores logits with scikit-learn's metrics and the training loss. `f1`, `precision` and `recall` are those of class 1
 * if there are two classes, and macro averages if there are more. With several labels per text they are micro averages,
 * and `accuracy` is the share of texts with every label right.
 *
 * @param logits - [texts, classes], row by row
 */
export function validationMetrics(
  logits: Float32Array,
  options: { classes: number; labels: readonly ExampleLabel[]; loss: ClassificationLoss },
): ValidationResult {
  const { classes, labels } = options;
  const loss = lossOfLogits(logits, options);
  const rows = labels.map((_, i) => [...logits.subarray(i * classes, (i + 1) * classes)]);
  if (options.loss.problemType === "multi_label_classification")
    return {
      metrics: {
        loss,
        ...multiLabelMetrics(
          rows,
          labels.map((label) => (typeof label === "number" ? [] : label)),
        ),
      },
      onlyClass: undefined,
    };
  const yTrue = labels.map((label) => (typeof label === "number" ? label : label.indexOf(1)));
  const yPred = rows.map(decideClass);
  const macro = precisionRecallFscoreSupport(yTrue, yPred, { labels: rows[0].map((_, c) => c), average: "macro" });
  const { precision, recall, fscore } =
    classes === 2 ? precisionRecallFscoreSupport(yTrue, yPred, { average: "binary" }) : macro;
  const metrics = {
    loss,
    accuracy: accuracyScore(yTrue, yPred),
    f1: fscore,
    precision,
    recall,
    f1_macro: macro.fscore,
    balanced_accuracy: balancedAccuracyScore(yTrue, yPred),
    matthews_correlation: matthewsCorrcoef(yTrue, yPred),
  };
  return { metrics, onlyClass: new Set(yPred).size === 1 && new Set(yTrue).size > 1 ? yPred[0] : undefined };
}

function multiLabelMetrics(
  rows: readonly (readonly number[])[],
  yTrue: readonly (readonly number[])[],
): Omit<Metrics, "loss"> & { accuracy: number; f1: number } {
  const yPred = rows.map((row) => decideLabels(row));
  const right = yPred.filter((row, i) => row.every((on, c) => on === yTrue[i][c])).length;
  const micro = precisionRecallFscoreSupport(yTrue.flat(), yPred.flat(), { average: "binary" });
  const ofClass = rows[0].map(
    (_, c) =>
      precisionRecallFscoreSupport(
        yTrue.map((row) => row[c]),
        yPred.map((row) => row[c]),
        { average: "binary" },
      ).fscore,
  );
  return {
    accuracy: right / rows.length,
    f1: micro.fscore,
    precision: micro.precision,
    recall: micro.recall,
    f1_macro: ofClass.reduce((a, b) => a + b, 0) / ofClass.length,
  };
}
