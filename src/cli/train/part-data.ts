import type { DataFrame } from "danfojs-node";

import { Problems } from "../../base/problems";
import { shortList } from "../../base/short-list";
import { GROUP, readFrame } from "../../corpus/read-frame";
import { groupShuffleSplit } from "../../corpus/split/group-splits";
import { multiLabelSplitIndices } from "../../corpus/split/multi-label-split";
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
 * then the rest into test and validation texts. Texts with several labels are stratified by iterative stratification,
 * and groups are drawn as by `GroupShuffleSplit`. The caller loads parts that are separate files.
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
    /** Whether the frame's groups are drawn whole; shares and numbers then count groups. @default false */
    grouped?: boolean;
  },
): Parts {
  const { validation, test, stratify, randomState, labels, grouped = false } = options;
  const length = grouped ? groupsOf(frame).size : frame.shape[0];
  const unit = grouped ? "groups (--group-column)" : "texts";
  const sizes = { validation: rowsOf(validation, length), test: rowsOf(test, length) };
  const held = sizes.validation + sizes.test;
  const problems = new Problems("tslora train");
  problems.expect(!(grouped && stratify), "--stratify must be left out with --group-column: groups are drawn whole");
  problems.expect(
    held < length,
    `--validation takes ${sizes.validation} and --test ${sizes.test} of ${length} ${unit}, which leaves none to train on`,
  );
  const several = !frame.columns.includes("label");
  if (stratify && !grouped && held > 0 && !several)
    expectEnough(problems, frame, {
      labels,
      drawn: [length - held, sizes.validation, sizes.test].filter((rows) => rows > 0),
    });
  problems.throwIfAny();
  if (held === 0) return { train: frame };
  if (stratify && several)
    return stratifyLabels(frame, { sizes: { train: length - held, ...sizes }, randomState, labels });
  const divide = (of: DataFrame, trainSize: number, testSize: number): DataFrame[] => {
    const drawn = { trainSize, testSize, randomState };
    if (grouped) return groupShuffleSplit(of, { ...drawn, groups: GROUP, nSplits: 1 })[0];
    return trainTestSplit(of, { ...drawn, ...(stratify ? { stratify: readFrame(of).label } : {}) });
  };
  const [train, rest] = divide(frame, length - held, held);
  if (sizes.test === 0) return { train, validation: rest };
  if (sizes.validation === 0) return { train, test: rest };
  const [testPart, validationPart] = divide(rest, sizes.test, sizes.validation);
  return { train, validation: validationPart, test: testPart };
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

/** The groups of a frame; none without the column. */
export function groupsOf(frame: DataFrame): ReadonlySet<string> {
  return new Set(frame.columns.includes(GROUP) ? (frame.column(GROUP).values as string[]) : []);
}

/** Counts the texts of each label; a frame without the column `label` has a column of 0 and 1 for each. */
export function countLabels(frame: DataFrame, labels: readonly string[]): number[] {
  if (!frame.columns.includes("label"))
    return labels.map((name) => (frame.column(name).values as number[]).reduce((sum, flag) => sum + flag, 0));
  const counts = labels.map(() => 0);
  for (const label of readFrame(frame).label) counts[label]++;
  return counts;
}
