/** Flags of each text, [texts][labels]: 1 if it has the label, or if the label was predicted. */
export interface FlagsAndPredictions {
  readonly yTrue: readonly (readonly number[])[];
  readonly yPred: readonly (readonly number[])[];
}

/** Scores of some of the texts, as scikit-learn's functions of the same names. */
export interface MultiLabelStatistics {
  readonly hammingLoss: number;
  readonly f1Micro: number;
  readonly f1Macro: number;
  /** By label. */
  readonly f1: readonly number[];
}

/**
 * Prepares scores of samples of the texts, which a bootstrap draws thousands of times. An F1 score that would divide by
 * zero is 0, as in scikit-learn.
 *
 * @returns the scores of the texts with these indices; one may occur several times
 */
export function multiLabelStatistics({
  yTrue,
  yPred,
}: FlagsAndPredictions): (indices: Uint32Array) => MultiLabelStatistics {
  const labels = yTrue[0].length;
  // A text's labels that count: right ones, and wrong ones. Most are neither true nor predicted.
  const where = (counts: (flag: number, predicted: number) => boolean): number[][] =>
    yTrue.map((row, i) => row.flatMap((flag, label) => (counts(flag, yPred[i][label]) ? [label] : [])));
  const right = where((flag, predicted) => flag === 1 && predicted === 1);
  const wrong = where((flag, predicted) => flag !== predicted);
  return (indices) => {
    const [rights, wrongs] = [new Float64Array(labels), new Float64Array(labels)];
    for (const i of indices) {
      for (const label of right[i]) rights[label]++;
      for (const label of wrong[i]) wrongs[label]++;
    }
    const f1 = Array.from(rights, (count, label) => f1Of(count, wrongs[label]));
    const [allRight, allWrong] = [sum(rights), sum(wrongs)];
    return {
      hammingLoss: allWrong / (indices.length * labels),
      f1Micro: f1Of(allRight, allWrong),
      f1Macro: sum(f1) / labels,
      f1,
    };
  };
}

/** F1 of true positives, and of false positives and false negatives together. */
function f1Of(right: number, wrong: number): number {
  return right + wrong === 0 ? 0 : (2 * right) / (2 * right + wrong);
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}
