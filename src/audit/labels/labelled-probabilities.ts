import { Problems } from "../../base/problems";

/** Class probabilities of each text: [texts][classes]. They must come from a model that did not train on the text. */
export type ClassProbabilities = readonly ArrayLike<number>[];

/** Largest excess of a probability below 0 or above 1, as in cleanlab. */
const SLACK = 1e-6;

const NAMED = 5; // bad rows that an error names

/**
 * Checks labels and their probabilities.
 *
 * @returns the number of classes
 * @throws TsloraError `bad-input` that lists what is wrong.
 */
export function expectProbabilities(
  where: string,
  labels: readonly number[],
  probabilities: ClassProbabilities,
): number {
  const problems = new Problems(where);
  problems.expect(labels.length > 0, "there must be a text at least; got none");
  problems.expect(
    probabilities.length === labels.length,
    `probabilities must have a row for each of ${labels.length} labels; got ${probabilities.length}`,
  );
  problems.throwIfAny("bad-input");
  const classes = probabilities[0].length;
  problems.expect(classes >= 2, `probabilities must have two columns or more; got ${classes}`);
  let bad = 0;
  for (let row = 0; row < labels.length && bad < NAMED; row++) {
    const label = labels[row];
    const values = Array.from(probabilities[row]);
    const fits =
      problems.expect(
        Number.isInteger(label) && label >= 0 && label < classes,
        `row ${row}: the label must be a whole number from 0 to ${classes - 1}; got ${String(label)}`,
      ) &&
      problems.expect(
        values.length === classes && values.every((value) => value >= -SLACK && value <= 1 + SLACK),
        `row ${row}: there must be ${classes} probabilities from 0 to 1; got ${values.join(", ")}`,
      );
    if (!fits) bad++;
  }
  problems.throwIfAny("bad-input");
  return classes;
}

/** The position of the largest number, the first of equal ones. */
export function argmax(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}

/** The positions of numbers in rising order; equal ones keep their order. */
export function argsort(values: ArrayLike<number>): number[] {
  return Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b] || a - b);
}
