import { TsloraError } from "../../base/tslora-error";
import { checkLabels, indexLabels, uniqueLabels, type Label, type Labels } from "./targets";

/** Checked probabilities of two or more classes, and the column of each sample's true class. */
export interface ClassProbabilities {
  /** [samples, classes] */
  readonly rows: readonly (readonly number[])[];
  readonly trueColumn: readonly number[];
}

/**
 * Allowed distance of the sum of a sample's probabilities from 1: the rounding of single precision, and a little more.
 */
const SUM_TOLERANCE = 1e-3;

/**
 * Reads probabilities as scikit-learn's losses do: a row of class probabilities per sample, with columns in the order
 * of the sorted labels, or for two labels one number per sample, the probability of the greater label.
 *
 * @throws TsloraError `bad-input` if a value is not a probability, rows differ in length, or classes do not fit.
 */
export function readClassProbabilities(
  where: string,
  yTrue: Labels,
  yProba: ArrayLike<number> | readonly (readonly number[])[],
  options: { labels?: readonly Label[] },
): ClassProbabilities {
  if (yTrue.length !== yProba.length)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue and yProba must be equally long; got ${yTrue.length} and ${yProba.length}.`,
    );
  if (yTrue.length === 0) throw new TsloraError("bad-input", `${where}: there must be at least one sample; got none.`);
  checkLabels(where, "yTrue", yTrue);
  const classes = uniqueLabels(options.labels ?? yTrue);
  checkLabels(where, "labels", classes);
  if (classes.length < 2)
    throw new TsloraError(
      "bad-input",
      `${where}: there must be two classes or more; got only ${JSON.stringify(classes[0])}. Name all classes in labels.`,
    );
  const columnOf = indexLabels(classes);
  const rows: (readonly number[])[] = [];
  const trueColumn: number[] = [];
  for (let i = 0; i < yTrue.length; i++) {
    const given = yProba[i];
    const row = typeof given === "number" ? [1 - given, given] : given.length === 1 ? [1 - given[0], given[0]] : given;
    checkRow(where, row, { index: i, classes });
    const column = columnOf.get(yTrue[i]);
    if (column === undefined)
      throw new TsloraError(
        "bad-input",
        `${where}: yTrue holds ${JSON.stringify(yTrue[i])} at index ${i}, which is none of labels (${classes.join(", ")}).`,
      );
    rows.push(row);
    trueColumn.push(column);
  }
  return { rows, trueColumn };
}

function checkRow(
  where: string,
  row: readonly number[],
  { index, classes }: { index: number; classes: readonly Label[] },
): void {
  if (row.length !== classes.length)
    throw new TsloraError(
      "bad-input",
      `${where}: each sample must have ${classes.length} probabilities, one for each of the classes ${classes.join(", ")}; got ${row.length} at index ${index}.`,
    );
  const bad = row.find((p) => !(p >= 0 && p <= 1));
  if (bad !== undefined)
    throw new TsloraError("bad-input", `${where}: probabilities must be in [0, 1]; ${bad} is at index ${index}.`);
  const sum = row.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) > SUM_TOLERANCE)
    throw new TsloraError(
      "bad-input",
      `${where}: the probabilities of a sample must sum to 1; at index ${index} they sum to ${sum}. Pass probabilities, not logits.`,
    );
}
