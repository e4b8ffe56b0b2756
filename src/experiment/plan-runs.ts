import { DEFAULT_SEED } from "../base/default-seed";
import { Problems } from "../base/problems";
import type { TextInput } from "../base/text-input";
import { TsloraError } from "../base/tslora-error";
import { repeatedStratifiedKFoldIndices } from "../corpus/split/kfold-indices";
import { splitIndices, type SplitIndices, type SplitOptions } from "../corpus/split/split-indices";
import { readLabelledTexts, type LabelledText, type LabelledTexts } from "../evaluation/labelled-texts";
import type { CurveOptions, ExperimentOptions, FoldOptions, HoldoutOptions } from "./experiment-options";
import { dependsOnSeed, type Method } from "./method";
import type { PlannedRun } from "./planned-run";

/**
 * Plans the runs of an experiment: those of the holdout, then of the folds, then of the learning curves.
 *
 * @throws TsloraError `bad-option` that lists everything invalid, `bad-input` for rows without a text or a label.
 */
export function planRuns(options: ExperimentOptions): PlannedRun[] {
  const { labels, methods, holdout, folds, curve } = options;
  checkOptions(options);
  const read = (data: LabelledTexts): LabelledText[] => readRows(data, labels.length);
  const parts = holdout === undefined ? undefined : readParts(holdout, read);
  return [
    ...(parts === undefined ? [] : planHoldout(methods, parts)),
    ...(folds === undefined ? [] : planFolds(methods, { ...folds, rows: read(folds.data) })),
    ...(curve === undefined || parts === undefined ? [] : planCurve(methods, { ...curve, parts })),
  ];
}

type Rows = readonly LabelledText[];

interface Parts {
  readonly train: Rows;
  readonly validation: Rows;
  readonly test: Rows;
  readonly seeds: readonly number[];
}

function readParts(
  { train, validation, test, seeds = [DEFAULT_SEED] }: HoldoutOptions,
  read: (data: LabelledTexts) => Rows,
): Parts {
  return { train: read(train), validation: read(validation), test: read(test), seeds };
}

function planHoldout(methods: readonly Method[], { seeds, ...parts }: Parts): PlannedRun[] {
  return methods.flatMap((method) =>
    seedsOf(method, seeds).map((seed) => ({ method, part: { kind: "holdout" } as const, seed, ...parts })),
  );
}

function planFolds(
  methods: readonly Method[],
  { rows, nSplits = 2, nRepeats = 5, randomState = DEFAULT_SEED, validationSize = 0.25 }: FoldOptions & { rows: Rows },
): PlannedRun[] {
  const classes = rows.map(({ label }) => label);
  const folds = repeatedStratifiedKFoldIndices(classes, { nSplits, nRepeats, randomState });
  const parts = folds.map(({ train, test }, i) => {
    const [repeat, fold] = [Math.floor(i / nSplits), i % nSplits];
    const inner = divided(`the training part of repeat ${repeat + 1}, fold ${fold + 1}`, train.length, {
      testSize: validationSize,
      randomState: randomState + repeat,
      stratify: train.map((row) => classes[row]),
    });
    const rowsOf = (indices: readonly number[]): Rows => indices.map((index) => rows[train[index]]);
    return {
      part: { kind: "fold", repeat, fold } as const,
      seed: randomState + repeat,
      train: rowsOf(inner.train),
      validation: rowsOf(inner.test),
      test: test.map((row) => rows[row]),
    };
  });
  return methods.flatMap((method) => parts.map((one) => ({ method, ...one })));
}

function planCurve(
  methods: readonly Method[],
  { parts, trainSizes, methods: chosen, seeds = parts.seeds }: CurveOptions & { parts: Parts },
): PlannedRun[] {
  const { train, validation, test } = parts;
  const drawn = chosen ?? methods.filter(({ kind }) => kind !== "untrained" && kind !== "majority-class");
  return drawn.flatMap((method) =>
    trainSizes.flatMap((trainSize) =>
      // The texts differ between seeds, so that a method without a seed is repeated, too.
      seeds.map((seed) => ({
        method,
        part: { kind: "curve", trainSize } as const,
        seed,
        train: drawRows(train, { trainSize, seed }),
        validation,
        test,
      })),
    ),
  );
}

function drawRows(rows: Rows, { trainSize, seed }: { trainSize: number; seed: number }): Rows {
  if (trainSize === rows.length) return rows;
  const { train } = divided("the training texts of the holdout", rows.length, {
    trainSize,
    randomState: seed,
    stratify: rows.map(({ label }) => label),
  });
  return train.map((row) => rows[row]);
}

/** A split, whose errors say what could not be divided. */
function divided(what: string, length: number, options: SplitOptions): SplitIndices {
  try {
    return splitIndices(length, options);
  } catch (error) {
    if (!(error instanceof TsloraError)) throw error;
    const { code, message, details } = error;
    throw new TsloraError(code, `runExperiment: ${what}, ${length} texts, cannot be divided. ${message}`, {
      details,
      cause: error,
    });
  }
}

const seedsOf = (method: Method, seeds: readonly number[]): readonly number[] =>
  dependsOnSeed(method) ? seeds : seeds.slice(0, 1);

function readRows(data: LabelledTexts, classes: number): LabelledText[] {
  const { texts, labels } = readLabelledTexts("runExperiment", data, { classes });
  return texts.map((text, i) => ({ ...textColumns(text), label: labels[i] }));
}

function textColumns(input: TextInput): { text: string; textPair?: string } {
  return typeof input === "string" ? { text: input } : { text: input[0], textPair: input[1] };
}

function checkOptions({ methods, labels, holdout, folds, curve, maxLength }: ExperimentOptions): void {
  const problems = new Problems("runExperiment");
  const names = methods.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  problems.expect(methods.length > 0, "methods must have one method at least; got none");
  problems.expect(twice === undefined, `names of methods must differ; got ${String(twice)} twice`);
  problems.expect(labels.length >= 2, `labels must name two classes or more; got ${labels.length}`);
  problems.expect(
    maxLength === undefined || (Number.isInteger(maxLength) && maxLength >= 2),
    `maxLength must be a whole number of at least 2; got ${String(maxLength)}`,
  );
  problems.expect(
    holdout !== undefined || folds !== undefined,
    "holdout or folds must be given; got neither, so there is nothing to run",
  );
  expectSeeds(problems, "holdout.seeds", holdout?.seeds);
  expectSeeds(problems, "curve.seeds", curve?.seeds);
  if (curve !== undefined) {
    problems.expect(holdout !== undefined, "curve needs holdout: it draws from the holdout's training texts");
    problems.expect(
      curve.trainSizes.length > 0 &&
        curve.trainSizes.every((size, i) => Number.isInteger(size) && size > (i === 0 ? 1 : curve.trainSizes[i - 1])),
      `curve.trainSizes must be ascending whole numbers of at least 2; got ${curve.trainSizes.join(", ") || "none"}`,
    );
  }
  problems.throwIfAny();
}

function expectSeeds(problems: Problems, name: string, seeds: readonly number[] | undefined): void {
  if (seeds === undefined) return;
  problems.expect(
    seeds.length > 0 && seeds.every((seed) => Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32),
    `${name} must be whole numbers in [0, 2^32), one at least; got ${seeds.join(", ") || "none"}`,
  );
  problems.expect(new Set(seeds).size === seeds.length, `${name} must differ; got ${seeds.join(", ")}`);
}
