import type { Problems } from "../../base/problems";

/** Sizes of two parts, each a fraction in (0, 1) or a whole number. */
export interface PartSizes {
  readonly trainSize?: number;
  readonly testSize?: number;
}

/** The unit that is divided: rows, or groups of rows. */
interface Divided {
  readonly length: number;
  readonly unit: "row" | "group";
}

/** Adds a problem for each size that is neither a fraction nor a whole number below the length. */
export function expectSizes(problems: Problems, { trainSize, testSize }: PartSizes, { length }: Divided): void {
  for (const [name, size] of [
    ["trainSize", trainSize],
    ["testSize", testSize],
  ] as const) {
    const fits = size === undefined || (size > 0 && size < (Number.isInteger(size) ? length : 1));
    problems.expect(
      fits,
      `${name} must be a fraction between 0 and 1 or a whole number from 1 to ${length - 1}; got ${size}`,
    );
  }
}

/**
 * The sizes of both parts as whole numbers, as scikit-learn computes them: the test set's fraction is rounded up, the
 * train set's down, and a missing size is the rest. Adds a problem if they do not fit.
 *
 * @param divided.standard - the test set's fraction if neither size is given
 */
export function readSizes(
  problems: Problems,
  { trainSize, testSize }: PartSizes,
  { length, unit, standard }: Divided & { readonly standard: number },
): { train: number; test: number } {
  const wanted = trainSize === undefined ? (testSize ?? standard) : testSize;
  let test = wanted === undefined ? undefined : Number.isInteger(wanted) ? wanted : Math.ceil(wanted * length);
  const train =
    trainSize === undefined
      ? length - (test ?? 0)
      : Number.isInteger(trainSize)
        ? trainSize
        : Math.floor(trainSize * length);
  test ??= length - train;
  const fractions =
    trainSize !== undefined && testSize !== undefined && !Number.isInteger(trainSize) && !Number.isInteger(testSize);
  problems.expect(
    train + test <= length && !(fractions && trainSize + testSize > 1),
    `trainSize and testSize must make at most ${length} ${unit}s; got ${trainSize} and ${testSize}, which is ${train} + ${test}`,
  );
  problems.expect(
    train > 0,
    `the train set must have a ${unit}; got none with trainSize ${trainSize}, testSize ${testSize} of ${length} ${unit}s`,
  );
  return { train, test };
}
