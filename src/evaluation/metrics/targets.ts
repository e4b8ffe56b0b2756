import { compareCodePoints } from "../../base/compare-code-points";
import { TsloraError } from "../../base/tslora-error";

/** A class as in scikit-learn: a whole number or a name. All labels of one call must be of one kind. */
export type Label = number | string;

/** One label per sample: an array, or a typed array of class indices. */
export type Labels = ArrayLike<number> | ArrayLike<string>;

/** The checked labels of one call, as indices. */
export interface Targets {
  /** The distinct labels of both, in scikit-learn's order: numbers by value, names by code point. */
  readonly labels: readonly Label[];
  /** For each sample the index of its true label in `labels`. */
  readonly yTrue: Int32Array;
  /** For each sample the index of its predicted label in `labels`. */
  readonly yPred: Int32Array;
}

/**
 * Checks true and predicted labels and replaces each by its index among the distinct labels.
 *
 * @param where - the function that the user called, for messages
 * @throws TsloraError `bad-input` if they differ in length, are empty, mix numbers and names, or are not whole numbers.
 */
export function readTargets(where: string, yTrue: Labels, yPred: Labels): Targets {
  if (yTrue.length !== yPred.length)
    throw new TsloraError(
      "bad-input",
      `${where}: yTrue and yPred must be equally long; got ${yTrue.length} and ${yPred.length}.`,
    );
  if (yTrue.length === 0) throw new TsloraError("bad-input", `${where}: there must be at least one sample; got none.`);
  checkLabels(where, "yTrue", yTrue);
  checkLabels(where, "yPred", yPred);
  const labels = uniqueLabels(yTrue, yPred);
  checkLabels(where, "yTrue and yPred together", labels);
  const indexOf = indexLabels(labels);
  const encode = (ys: Labels): Int32Array => Int32Array.from({ length: ys.length }, (_, i) => indexOf.get(ys[i]) ?? -1);
  return { labels, yTrue: encode(yTrue), yPred: encode(yPred) };
}

/** @throws TsloraError `bad-input` unless all are whole numbers or all are names. */
export function checkLabels(where: string, name: string, labels: ArrayLike<Label>): void {
  for (let i = 0; i < labels.length; i++) {
    const label: unknown = labels[i];
    if (typeof label !== "string" && !Number.isSafeInteger(label)) {
      throw new TsloraError(
        "bad-input",
        `${where}: ${name} must hold whole numbers or names; ${String(label)} is at index ${i}.`,
      );
    }
    if (typeof label !== typeof labels[0]) {
      throw new TsloraError(
        "bad-input",
        `${where}: ${name} must hold numbers or names, not both; index 0 is the ${typeof labels[0]} ${JSON.stringify(labels[0])}, index ${i} the ${typeof label} ${JSON.stringify(label)}.`,
      );
    }
  }
}

/** The distinct labels, sorted as in scikit-learn. */
export function uniqueLabels(...lists: readonly ArrayLike<Label>[]): Label[] {
  const seen = new Set<Label>();
  for (const list of lists) for (let i = 0; i < list.length; i++) seen.add(list[i]);
  return [...seen].sort(compareLabels);
}

/** Each label's index; the first one for a label that occurs twice. */
export function indexLabels(labels: readonly Label[]): Map<Label, number> {
  const indexOf = new Map<Label, number>();
  labels.forEach((label, index) => {
    if (!indexOf.has(label)) indexOf.set(label, index);
  });
  return indexOf;
}

function compareLabels(a: Label, b: Label): number {
  return typeof a === "string" && typeof b === "string" ? compareCodePoints(a, b) : Number(a) - Number(b);
}
