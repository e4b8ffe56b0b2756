import { Problems } from "../../base/problems";
import { NumpyRandom } from "./numpy-random";
import { readSeed } from "./split-checks";

/** Options of {@link multiLabelSplitIndices}. */
export interface MultiLabelSplitOptions {
  /** The size wanted of each part; together all rows. A part may get a few rows more or less. */
  readonly sizes: readonly number[];
  /** The seed, a whole number in [0, 2^32). No default: a split must be repeatable. */
  readonly randomState: number;
}

/**
 * Divides rows with any number of labels so that each part has its share of each label: iterative stratification
 * (Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", 2011). scikit-learn has none; rows
 * are those of `MultilabelStratifiedShuffleSplit` in the Python package iterative-stratification, index for index.
 * Labels come before sizes, so a part may get a few rows more or less than it should.
 *
 * @param flags - rows of 0 and 1, [rows][labels]
 * @returns each part's row numbers, which ascend
 * @throws TsloraError `bad-option` that lists every invalid option.
 */
export function multiLabelSplitIndices(
  flags: readonly (readonly number[])[],
  { sizes, randomState }: MultiLabelSplitOptions,
): number[][] {
  const problems = new Problems("multiLabelSplit");
  const whole = sizes.reduce((sum, size) => sum + size, 0);
  problems.expect(
    sizes.length >= 2 && sizes.every((size) => Number.isSafeInteger(size) && size > 0) && whole === flags.length,
    `sizes must be two whole numbers or more, each above 0, which make ${flags.length} rows; got ${sizes.join(", ")}`,
  );
  const random = new NumpyRandom(readSeed(problems, randomState));
  problems.throwIfAny();
  const order = random.permutation(flags.map((_, row) => row));
  const shares = sizes.map((size) => size / whole);
  const partOf = iterativeStratification(
    order.map((row) => flags[row]),
    { shares, random },
  );
  const parts = sizes.map((): number[] => []);
  order.forEach((row, i) => parts[partOf[i]].push(row));
  return parts.map((rows) => rows.sort((a, b) => a - b));
}

/**
 * The part of each row: deals out the rows of the label with the fewest rows left, then those of the next such label.
 */
function iterativeStratification(
  flags: readonly (readonly number[])[],
  { shares, random }: { shares: readonly number[]; random: NumpyRandom },
): number[] {
  const labels = flags[0].map((_, label) => label);
  const countOf = (rows: readonly number[]): number[] =>
    labels.map((label) => rows.reduce((sum, row) => sum + flags[row][label], 0));
  let left = flags.map((_, row) => row);
  const counts = countOf(left);
  const wanted = shares.map((share) => share * flags.length); // rows that each part still lacks
  const wantedOf = shares.map((share) => counts.map((count) => share * count)); // [part][label]
  const partOf = new Array<number>(flags.length);
  const deal = (row: number, part: number): void => {
    partOf[row] = part;
    wanted[part]--;
    for (const label of labels) wantedOf[part][label] -= flags[row][label];
  };
  while (left.length > 0) {
    const rowsLeft = countOf(left);
    const fewest = Math.min(...rowsLeft.filter((count) => count > 0));
    if (fewest === Infinity) {
      for (const row of left) deal(row, oneOf(largest(wanted), random)); // rows without a label
      break;
    }
    const rarest = oneOf(
      labels.filter((label) => rowsLeft[label] === fewest),
      random,
    );
    for (const row of left.filter((row) => flags[row][rarest] === 1)) {
      const lacking = largest(wantedOf.map((ofLabel) => ofLabel[rarest]));
      const emptiest = largest(lacking.map((part) => wanted[part])).map((i) => lacking[i]);
      deal(row, oneOf(emptiest, random));
    }
    left = left.filter((row) => flags[row][rarest] === 0);
  }
  return partOf;
}

/** The indices of the largest of some numbers. */
function largest(values: readonly number[]): number[] {
  const most = Math.max(...values);
  return values.flatMap((value, i) => (value === most ? [i] : []));
}

/** One of some numbers; draws nothing if there is only one. */
function oneOf(values: readonly number[], random: NumpyRandom): number {
  return values[random.interval(values.length - 1)];
}
