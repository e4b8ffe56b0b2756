import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { resolveTrainOptions, type OptionContext } from "../options/resolve-train-options";
import type { ResolvedTrainOptions, TrainOptions } from "../options/train-options";

/**
 * Options of `findLearningRate`: its own, and those of `train`. Options of `train` that change a step apply, such as
 * batch size, clipping, loss, dropout's seed and `signal`. Those that do not (length, schedule, evaluation, output
 * folder) are accepted, so that one object serves both functions, and have no effect.
 */
export interface LearningRateOptions extends Omit<TrainOptions, "train" | "validation"> {
  /**
   * The learning rate of the first step.
   * @default 1e-6
   */
  readonly minLearningRate?: number;
  /**
   * The learning rate of the last step, unless the loss diverges before.
   * @default 1
   */
  readonly maxLearningRate?: number;
  /**
   * Optimizer steps of the test. The rate grows by the same factor at each step.
   * @default 100
   */
  readonly numSteps?: number;
  /**
   * Share of the earlier mean in the exponential moving average of the loss; 0 means no smoothing.
   * @default 0.9
   */
  readonly smoothing?: number;
  /**
   * The loss diverges, and the test ends, when the smoothed loss is above this multiple of its minimum.
   * @default 4
   */
  readonly divergenceFactor?: number;
}

/** The values of `findLearningRate`'s own options. */
export type RangeTestOptions = Required<Pick<LearningRateOptions, keyof typeof OWN_OPTIONS>>;

/** All options of a range test, checked. */
export interface ResolvedLearningRateOptions extends RangeTestOptions {
  /** The options of its steps. */
  readonly train: ResolvedTrainOptions;
}

/** The option's default, its valid values in words, and their check. */
interface OwnOption {
  readonly default: number;
  readonly range: string;
  readonly holds: (value: number) => boolean;
}

const RATE = { range: "a number above 0", holds: (x: number) => x > 0 };

/** Fewest steps of a range test; a suggestion needs that many points too. */
export const FEWEST_POINTS = 10;

/** The options that `train` does not have. */
export const OWN_OPTIONS = {
  minLearningRate: { default: 1e-6, ...RATE },
  maxLearningRate: { default: 1, ...RATE },
  numSteps: {
    default: 100,
    range: `a whole number of at least ${FEWEST_POINTS}`,
    holds: (x: number) => Number.isInteger(x) && x >= FEWEST_POINTS,
  },
  smoothing: { default: 0.9, range: "a number from 0 to below 1", holds: (x: number) => x >= 0 && x < 1 },
  divergenceFactor: { default: 4, range: "a number above 1", holds: (x: number) => x > 1 },
} as const satisfies Readonly<Record<string, OwnOption>>;

/** Options of `train` that have no effect on a range test. */
export const WITHOUT_EFFECT = [
  "numTrainEpochs",
  "maxSteps",
  "learningRate",
  "lrSchedulerType",
  "warmupSteps",
  "warmupRatio",
  "evalSteps",
  "saveSteps",
  "metricForBestModel",
  "greaterIsBetter",
  "loadBestModelAtEnd",
  "earlyStoppingPatience",
  "earlyStoppingThreshold",
  "outputDir",
  "saveTotalLimit",
  "resumeFrom",
  "reportTo",
  "loggingSteps",
] as const satisfies readonly (keyof TrainOptions)[];

/**
 * Fills in the defaults and checks all values.
 *
 * @throws TsloraError `bad-option` that lists everything wrong, before anything is computed.
 */
export function resolveLearningRateOptions(
  options: LearningRateOptions,
  context: OptionContext,
): ResolvedLearningRateOptions {
  const problems = new Problems("findLearningRate");
  const own = ownOptions(options, problems);
  problems.expect(
    !(own.minLearningRate >= own.maxLearningRate),
    `minLearningRate must be below maxLearningRate, ${own.maxLearningRate}; got ${own.minLearningRate}`,
  );
  const ignored: readonly string[] = [...Object.keys(OWN_OPTIONS), ...WITHOUT_EFFECT];
  const ofSteps = Object.fromEntries(Object.entries(options).filter(([name]) => !ignored.includes(name)));
  const train = collected(problems, () =>
    resolveTrainOptions({ ...ofSteps, train: [], maxSteps: 1, loggingSteps: 1 }, context),
  );
  problems.throwIfAny();
  if (train === undefined) throw new TypeError("Options with a problem must be refused.");
  return { ...own, train };
}

/** Reads and checks the options that `train` does not have. */
function ownOptions(options: LearningRateOptions, problems: Problems): RangeTestOptions {
  const names = Object.keys(OWN_OPTIONS) as readonly (keyof typeof OWN_OPTIONS)[];
  const values = names.map((name) => {
    const { default: standard, range, holds } = OWN_OPTIONS[name];
    const value: unknown = options[name] ?? standard;
    const right = typeof value === "number" && Number.isFinite(value) && holds(value);
    const shown = typeof value === "number" ? value : JSON.stringify(value);
    problems.expect(right, `${name} must be ${range}; got ${shown}`);
    return [name, value];
  });
  return Object.fromEntries(values) as RangeTestOptions;
}

/** Runs a check, and adds the problems of its error to `problems`. */
function collected<T>(problems: Problems, check: () => T): T | undefined {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof TsloraError) || !Array.isArray(error.details.problems)) throw error;
    for (const problem of error.details.problems as readonly string[]) problems.expect(false, problem);
    return undefined;
  }
}
