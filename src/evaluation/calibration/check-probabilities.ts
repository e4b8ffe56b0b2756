import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";

/**
 * The positive class's probability of each sample, or a row of class probabilities: [samples] or [samples, classes].
 */
export type Probabilities = ArrayLike<number> | readonly (readonly number[])[];

/** Ways to cut [0, 1] into bins. */
export interface BinOptions {
  /** Number of bins. @default 10 */
  readonly bins?: number;
  /** "uniform": bins of equal width; "quantile": bins that hold equally many samples. @default "uniform" */
  readonly strategy?: "uniform" | "quantile";
}

export const DEFAULT_BINS = 10;

/** Refuses an invalid number of bins and an unknown strategy. */
export function expectBins(problems: Problems, { bins = DEFAULT_BINS, strategy = "uniform" }: BinOptions): void {
  problems.expect(Number.isSafeInteger(bins) && bins >= 1, `bins must be a whole number of at least 1; got ${bins}`);
  problems.expect(["uniform", "quantile"].includes(strategy), `strategy must be uniform or quantile; got ${strategy}`);
}

/**
 * Checks labels and a number for each.
 *
 * @throws TsloraError `bad-input` if lengths differ, there is no sample, or a value is outside [0, 1].
 */
export function expectProbabilities(where: string, yTrue: ArrayLike<unknown>, values: ArrayLike<number>): void {
  if (yTrue.length !== values.length || yTrue.length === 0)
    throw new TsloraError(
      "bad-input",
      `${where}: labels and probabilities must be equally long, with at least one sample; got ${yTrue.length} and ${values.length}.`,
    );
  for (let i = 0; i < values.length; i++)
    if (!(values[i] >= 0 && values[i] <= 1))
      throw new TsloraError(
        "bad-input",
        `${where}: probabilities must be from 0 to 1; ${values[i]} is at index ${i}. Pass probabilities, not logits.`,
      );
}

/**
 * Checks a row of numbers for each sample, and that each label is one of its columns.
 *
 * @param options.finite - what a message calls the numbers
 * @returns the number of columns, two or more
 * @throws TsloraError `bad-input` for rows of different lengths, numbers that are not finite, or other labels.
 */
export function expectRows(
  where: string,
  rows: readonly ArrayLike<number>[],
  labels: ArrayLike<number> | undefined,
): number {
  if (rows.length === 0 || (labels !== undefined && labels.length !== rows.length))
    throw new TsloraError(
      "bad-input",
      `${where}: there must be a row for each label, and at least one; got ${rows.length} rows and ${labels?.length ?? "no"} labels.`,
    );
  const width = rows[0].length;
  if (!(width >= 2))
    throw new TsloraError(
      "bad-input",
      `${where}: a row must have a number for each of two classes or more; got ${width}.`,
    );
  const problems = new Problems(where);
  rows.forEach((row, i) => {
    const { length } = row;
    if (!problems.expect(length === width, `every row must have ${width} numbers; the row at index ${i} has ${length}`))
      return;
    const bad = Array.from(row).find((value) => !Number.isFinite(value));
    problems.expect(bad === undefined, `numbers must be finite; ${bad} is in the row at index ${i}`);
    const label = labels?.[i] ?? 0;
    problems.expect(
      Number.isSafeInteger(label) && label >= 0 && label < width,
      `labels must be whole numbers from 0 to ${width - 1}; ${label} is at index ${i}`,
    );
  });
  problems.throwIfAny("bad-input");
  return width;
}
