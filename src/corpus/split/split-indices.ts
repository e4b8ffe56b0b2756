import { compareCodePoints } from "../../base/compare-code-points";
import { Problems } from "../../base/problems";
import { NumpyRandom } from "./numpy-random";
import { expectOneKind, readSeed } from "./split-checks";
import { expectSizes, readSizes } from "./split-sizes";

/** Options of a split, with scikit-learn's names. */
export interface SplitOptions {
  /**
   * The train set's share as a fraction in (0, 1), rounded down, or its size as a whole number.
   * @default the rest after `testSize`
   */
  readonly trainSize?: number;
  /**
   * The test set's share as a fraction in (0, 1), rounded up, or its size as a whole number.
   * @default the rest after `trainSize`; 0.25 if neither is given
   */
  readonly testSize?: number;
  /** The seed, a whole number in [0, 2^32). No default: a split must be repeatable. */
  readonly randomState: number;
  /**
   * Whether to shuffle first; otherwise the train set is the first rows and the test set the next ones. @default true
   */
  readonly shuffle?: boolean;
  /** The class of each row, to keep the classes' shares in both parts. @default no stratification */
  readonly stratify?: readonly (number | string)[];
}

/** Row numbers of both parts, in the parts' order. */
export interface SplitIndices {
  readonly train: number[];
  readonly test: number[];
}

/**
 * The row numbers of scikit-learn's `train_test_split`, index for index: `ShuffleSplit`, or `StratifiedShuffleSplit` if
 * `stratify` is given, with NumPy's legacy generator. The tests compare with scikit-learn 1.9.
 *
 * @param length - the number of rows
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function splitIndices(length: number, options: SplitOptions): SplitIndices {
  const { randomState, shuffle = true, stratify } = options;
  const { train: trainCount, test: testCount } = sizes(length, options);
  const rows = Array.from({ length }, (_, i) => i);
  if (!shuffle) return { train: rows.slice(0, trainCount), test: rows.slice(trainCount, trainCount + testCount) };
  const random = new NumpyRandom(randomState);
  if (stratify !== undefined) return stratified(stratify, trainCount, testCount, random);
  const order = random.permutation(rows);
  return { train: order.slice(testCount, testCount + trainCount), test: order.slice(0, testCount) };
}

/** The rows of both parts. */
function sizes(length: number, options: SplitOptions): { train: number; test: number } {
  const { randomState, shuffle = true, stratify } = options;
  const problems = new Problems("trainTestSplit");
  problems.expect(Number.isInteger(length) && length > 1, `there must be two rows or more; got ${length}`);
  readSeed(problems, randomState);
  expectSizes(problems, options, { length, unit: "row" });
  if (stratify !== undefined) {
    problems.expect(shuffle, "shuffle must be true with stratify; got false");
    problems.expect(
      stratify.length === length,
      `stratify must have a class for each of ${length} rows; got ${stratify.length}`,
    );
    expectOneKind(problems, "stratify", stratify);
  }
  problems.throwIfAny();
  const { train, test } = readSizes(problems, options, { length, unit: "row", standard: 0.25 });
  if (stratify !== undefined) expectRowsOfEachClass(problems, stratify, { train, test });
  problems.throwIfAny();
  return { train, test };
}

/** Adds problems for classes with one row, and for parts with fewer rows than classes. */
function expectRowsOfEachClass(
  problems: Problems,
  stratify: readonly (number | string)[],
  { train, test }: { train: number; test: number },
): void {
  const counts = new Map<number | string, number>();
  for (const value of stratify) counts.set(value, (counts.get(value) ?? 0) + 1);
  for (const [value, count] of counts)
    problems.expect(
      count > 1,
      `stratify must have two rows or more of each class; got one of ${JSON.stringify(value)}`,
    );
  problems.expect(
    train >= counts.size && test >= counts.size,
    `each part must have ${counts.size} rows or more, one for each class of stratify; got ${train} and ${test}`,
  );
}

function stratified(
  stratify: readonly (number | string)[],
  trainCount: number,
  testCount: number,
  random: NumpyRandom,
): SplitIndices {
  const rowsOf = new Map<number | string, number[]>();
  stratify.forEach((value, row) => {
    const rows = rowsOf.get(value);
    if (rows === undefined) rowsOf.set(value, [row]);
    else rows.push(row);
  });
  const classes = [...rowsOf]
    .sort(([a], [b]) =>
      typeof a === "string" && typeof b === "string" ? compareCodePoints(a, b) : Number(a) - Number(b),
    )
    .map(([, rows]) => rows);
  const counts = classes.map((rows) => rows.length);
  const inTrain = approximateMode(counts, trainCount, random);
  const inTest = approximateMode(
    counts.map((count, i) => count - inTrain[i]),
    testCount,
    random,
  );
  const train: number[] = [];
  const test: number[] = [];
  classes.forEach((rows, i) => {
    const order = random.permutation(rows);
    // one by one: a call takes some ten thousand arguments at most
    for (const row of order.slice(0, inTrain[i])) train.push(row);
    for (const row of order.slice(inTrain[i], inTrain[i] + inTest[i])) test.push(row);
  });
  return { train: random.permutation(train), test: random.permutation(test) };
}

/**
 * The number of rows to draw from each class: the mode of the multivariate hypergeometric distribution, with ties
 * broken randomly.
 */
function approximateMode(counts: readonly number[], draws: number, random: NumpyRandom): number[] {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const shares = counts.map((count) => (count / total) * draws); // divides first, as scikit-learn: ties stay equal
  const drawn = shares.map(Math.floor);
  let missing = draws - drawn.reduce((sum, count) => sum + count, 0);
  const remainders = shares.map((share, i) => share - drawn[i]);
  for (const value of [...new Set(remainders)].sort((a, b) => b - a)) {
    if (missing === 0) break;
    const tied = remainders.flatMap((remainder, i) => (remainder === value ? [i] : []));
    const chosen = random.choice(tied, Math.min(tied.length, missing));
    for (const i of chosen) drawn[i] += 1;
    missing -= chosen.length;
  }
  return drawn;
}
