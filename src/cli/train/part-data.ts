import type { DataFrame } from "danfojs-node";

import { Problems } from "../../base/problems";
import { shortList } from "../../base/short-list";
import { readFrame } from "../../corpus/read-frame";
import { groupShuffleSplitIndices } from "../../corpus/split/group-shuffle-split-indices";
import { multiLabelSplitIndices } from "../../corpus/split/multi-label-split";
import type { SplitIndices } from "../../corpus/split/split-indices";
import { trainTestSplit } from "../../corpus/split/train-test-split";
import type { PartOfData } from "../options/shared-options";

/** Training, validation and test data of a run. */
export interface Parts {
  readonly train: DataFrame;
  readonly validation?: DataFrame;
  readonly test?: DataFrame;
}

/** The size of a part that is a share of texts or groups (rounded up) or their number; 0 for other parts. */
function rowsOf(part: PartOfData, length: number): number {
  if (part.kind !== "share") return 0;
  return Number.isInteger(part.share) ? part.share : Math.ceil(part.share * length - 1e-9);
}

/**
 * Splits the data as the study does, with scikit-learn's `train_test_split`: first into training texts and the rest,
 * then the rest into test and validation texts. Texts with several labels are stratified by iterative stratification.
 * The caller loads parts that are separate files.
 *
 * @throws TsloraError `bad-option` when the shares leave nothing to train on, or a class is too small to be stratified.
 */
export function partData(
  frame: DataFrame,
  options: {
    validation: PartOfData;
    test: PartOfData;
    stratify: boolean;
    randomState: number;
    labels: readonly string[];
    /** The group of each text; none is divided. */
    groups?: readonly string[] | undefined;
  },
): Parts {
  const { validation, test, stratify, randomState, labels, groups } = options;
  if (groups !== undefined) return divideGroups(frame, { ...options, groups });
  const length = frame.shape[0];
  const [ofValidation, ofTest] = [rowsOf(validation, length), rowsOf(test, length)];
  const held = ofValidation + ofTest;
  const problems = new Problems("tslora train");
  problems.expect(
    held < length,
    `--validation takes ${ofValidation} and --test ${ofTest} of ${length} texts, which leaves none to train on`,
  );
  const several = !frame.columns.includes("label");
  if (stratify && held > 0 && !several)
    expectEnough(problems, frame, { labels, drawn: [length - held, ofValidation, ofTest].filter((rows) => rows > 0) });
  problems.throwIfAny();
  const classes = (of: DataFrame): { stratify?: readonly number[] } =>
    stratify ? { stratify: readFrame(of).label } : {};
  if (held === 0) return { train: frame };
  if (stratify && several)
    return stratifyLabels(frame, {
      sizes: { train: length - held, validation: ofValidation, test: ofTest },
      randomState,
      labels,
    });
  const [train, rest] = trainTestSplit(frame, {
    trainSize: length - held,
    testSize: held,
    randomState,
    ...classes(frame),
  });
  if (ofTest === 0) return { train, validation: rest };
  if (ofValidation === 0) return { train, test: rest };
  const [testPart, validationPart] = trainTestSplit(rest, {
    trainSize: ofTest,
    testSize: ofValidation,
    randomState,
    ...classes(rest),
  });
  return { train, validation: validationPart, test: testPart };
}

/**
 * Draws whole groups, as scikit-learn's `GroupShuffleSplit`: first for training, then for test and validation. Shares
 * and numbers count groups.
 *
 * @throws TsloraError `bad-option` when they leave no group to train on, or with `stratify`.
 */
function divideGroups(
  frame: DataFrame,
  options: {
    validation: PartOfData;
    test: PartOfData;
    stratify: boolean;
    randomState: number;
    groups: readonly string[];
  },
): Parts {
  const { validation, test, stratify, randomState, groups } = options;
  const count = new Set(groups).size;
  const [ofValidation, ofTest] = [rowsOf(validation, count), rowsOf(test, count)];
  const problems = new Problems("tslora train");
  problems.expect(!stratify, "--stratify must be left out with --group-column: groups are drawn whole");
  problems.expect(
    ofValidation + ofTest < count,
    `--validation takes ${ofValidation} and --test ${ofTest} of ${count} groups (--group-column), which leaves none to train on`,
  );
  problems.throwIfAny();
  const part = (rows: readonly number[]): DataFrame => frame.iloc({ rows: [...rows] });
  /** Divides the groups of some rows in two. */
  const divide = (rows: readonly number[], sizes: { trainSize: number; testSize: number }): SplitIndices => {
    const own = rows.map((row) => groups[row]);
    const [{ train, test: rest }] = groupShuffleSplitIndices(own, { nSplits: 1, randomState, ...sizes });
    return { train: train.map((i) => rows[i]), test: rest.map((i) => rows[i]) };
  };
  const all = groups.map((_, row) => row);
  if (ofValidation + ofTest === 0) return { train: frame };
  const { train, test: rest } = divide(all, {
    trainSize: count - ofValidation - ofTest,
    testSize: ofValidation + ofTest,
  });
  if (ofTest === 0) return { train: part(train), validation: part(rest) };
  if (ofValidation === 0) return { train: part(train), test: part(rest) };
  const held = divide(rest, { trainSize: ofTest, testSize: ofValidation });
  return { train: part(train), validation: part(held.test), test: part(held.train) };
}

/**
 * Splits texts with several labels so that each part has its share of each.
 *
 * @throws TsloraError `bad-option` if a part gets no text.
 */
function stratifyLabels(
  frame: DataFrame,
  options: { sizes: Readonly<Record<keyof Parts, number>>; randomState: number; labels: readonly string[] },
): Parts {
  const { randomState, labels } = options;
  const flags = labels.map((name) => frame.column(name).values as number[]); // [labels][texts]
  const sizes = Object.entries(options.sizes).filter(([, size]) => size > 0);
  const parts = multiLabelSplitIndices(
    frame.index.map((_, row) => flags.map((ofLabel) => ofLabel[row])),
    { sizes: sizes.map(([, size]) => size), randomState },
  );
  const problems = new Problems("tslora train");
  sizes.forEach(([name, size], i) =>
    problems.expect(
      parts[i].length > 0,
      `--stratify leaves the ${name} part, ${size} of ${frame.shape[0]} texts, without a text. Leave out --stratify, or give the part more texts`,
    ),
  );
  problems.throwIfAny();
  const rowsOf = new Map(sizes.map(([name], i) => [name, parts[i]]));
  const part = (name: keyof Parts): DataFrame | undefined => {
    const rows = rowsOf.get(name);
    return rows && frame.iloc({ rows });
  };
  return { train: part("train") ?? frame, validation: part("validation"), test: part("test") };
}

/** Adds a problem with the names and counts of the classes that are too small to be in each part. */
function expectEnough(
  problems: Problems,
  frame: DataFrame,
  { labels, drawn }: { labels: readonly string[]; drawn: readonly number[] },
): void {
  const counts = countLabels(frame, labels);
  const present = counts.filter((count) => count > 0).length;
  const rare = counts.flatMap((count, label) =>
    count > 0 && count < drawn.length ? [`${JSON.stringify(labels[label])} (${count})`] : [],
  );
  problems.expect(
    rare.length === 0,
    `--stratify needs ${drawn.length} texts or more of each class, one for each part; there are fewer of ${shortList(rare)}. Leave out --stratify, add texts, or leave out the class`,
  );
  const small = drawn.filter((rows) => rows < present);
  problems.expect(
    small.length === 0,
    `--stratify needs ${present} texts or more in each part, one for each class; --validation and --test leave a part of ${Math.min(...small)}`,
  );
}

/** Counts the texts of each label; a frame without the column `label` has a column of 0 and 1 for each. */
export function countLabels(frame: DataFrame, labels: readonly string[]): number[] {
  if (!frame.columns.includes("label"))
    return labels.map((name) => (frame.column(name).values as number[]).reduce((sum, flag) => sum + flag, 0));
  const counts = labels.map(() => 0);
  for (const label of readFrame(frame).label) counts[label]++;
  return counts;
}
