import { TsloraError } from "../../base/tslora-error";
import { checkSelection } from "./outcome-counts";
import { pairwiseSum } from "../../base/pairwise-sum";
import { readSampleWeight, type WeightOptions } from "./sample-weight";
import { indexLabels, readTargets, type Label, type Labels } from "./targets";

/**
 * Counts how often each true label (rows) was predicted as each label (columns), or the weight of these samples, as
 * scikit-learn's `confusion_matrix`.
 *
 * @param options.labels - the labels, in order; samples with other labels are left out. @default those that occur,
 *   sorted
 * @param options.normalize - shares of the true label ("true"), of the predicted label ("pred") or of all samples
 *   ("all") instead of counts; a share of no samples is 0
 * @returns [labels, labels]
 * @throws TsloraError `bad-option` if none of `labels` is a true label of a sample.
 */
export function confusionMatrix(
  yTrue: Labels,
  yPred: Labels,
  options: WeightOptions & { readonly labels?: readonly Label[]; readonly normalize?: "true" | "pred" | "all" } = {},
): number[][] {
  const targets = readTargets("confusionMatrix", yTrue, yPred);
  const weights = readSampleWeight("confusionMatrix", options.sampleWeight, yTrue.length);
  const labels = options.labels ?? targets.labels;
  checkSelection("confusionMatrix", labels, targets);
  const rowOf = indexLabels(labels);
  const rows = targets.labels.map((label) => rowOf.get(label) ?? -1);
  if (!targets.yTrue.some((index) => rows[index] >= 0)) {
    throw new TsloraError(
      "bad-option",
      `confusionMatrix: at least one of labels must occur in yTrue; none of ${JSON.stringify(labels)} does.`,
    );
  }
  const matrix = labels.map(() => new Array<number>(labels.length).fill(0));
  for (let i = 0; i < targets.yTrue.length; i++) {
    const row = rows[targets.yTrue[i]];
    const column = rows[targets.yPred[i]];
    if (row >= 0 && column >= 0) matrix[row][column] += weights?.[i] ?? 1;
  }
  return normalized(matrix, options.normalize);
}

function normalized(matrix: number[][], by: "true" | "pred" | "all" | undefined): number[][] {
  if (by === undefined) return matrix;
  const columnSums = matrix.map((_, column) => pairwiseSum(matrix.map((row) => row[column])));
  const all = pairwiseSum(columnSums);
  return matrix.map((row) => {
    const rowSum = pairwiseSum(row);
    return row.map((count, column) => {
      const total = by === "true" ? rowSum : by === "pred" ? columnSums[column] : all;
      return total === 0 ? 0 : count / total;
    });
  });
}
