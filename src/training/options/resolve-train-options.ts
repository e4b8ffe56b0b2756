import { expandHome } from "../../base/files/expand-home";
import { Problems } from "../../base/problems";
import type { TrainingMethod } from "../../classifier/training-method";
import type { ProblemType } from "../../model/encoder-config";
import { TRAIN_OPTION_NAMES, TRAIN_OPTION_TABLE, type OptionRow, type TrainOptionName } from "./train-option-table";
import type { ResolvedTrainOptions, TrainOptions } from "./train-options";

const KNOWN: readonly string[] = ["train", "validation", ...TRAIN_OPTION_NAMES, "signal"];

/** The data that the options must fit. */
export interface OptionContext {
  readonly method: TrainingMethod;
  readonly problemType: ProblemType;
  readonly numLabels: number;
  /** Whether the model runs on a GPU. */
  readonly onGpu?: boolean;
}

/**
 * Fills in the defaults, and checks each value and combinations of values.
 *
 * @throws TsloraError `bad-option` that lists everything wrong, before anything is trained or written.
 */
export function resolveTrainOptions(options: TrainOptions, context: OptionContext): ResolvedTrainOptions {
  const resolved = fillIn(options, context);
  const problems = new Problems("train");
  for (const name of Object.keys(options))
    problems.expect(KNOWN.includes(name), `"${name}" is not an option; known are ${KNOWN.join(", ")}`);
  checkValues(problems, { options, resolved, context });
  checkTogether(problems, { options, resolved });
  problems.throwIfAny();
  return resolved;
}

/** Sets every value: the given one, else the table's default, else the one that follows from other options. */
function fillIn(options: TrainOptions, context: OptionContext): ResolvedTrainOptions {
  const table = Object.fromEntries(
    TRAIN_OPTION_NAMES.map((name) => [name, options[name] ?? defaultOf(name, context)]),
  ) as unknown as ResolvedTrainOptions; // each row's default has its option's type
  const metricForBestModel = String(table.metricForBestModel).replace(
    /^eval_/,
    "",
  ) as ResolvedTrainOptions["metricForBestModel"];
  const { groupByLength, lrSchedulerType, warmupRatio, warmupSteps, validation } = options;
  const trainSamplingStrategy =
    options.trainSamplingStrategy ?? (groupByLength === true ? "group_by_length" : table.trainSamplingStrategy);
  const ratio = lrSchedulerType === "constant" ? (warmupRatio ?? 0) : table.warmupRatio;
  return {
    ...table,
    warmupRatio: warmupSteps === undefined ? ratio : undefined,
    trainSamplingStrategy,
    groupByLength: trainSamplingStrategy === "group_by_length",
    saveSteps: options.saveSteps ?? table.evalSteps,
    metricForBestModel,
    greaterIsBetter: options.greaterIsBetter ?? metricForBestModel !== "loss",
    loadBestModelAtEnd: options.loadBestModelAtEnd ?? validation !== undefined,
    outputDir: home(options.outputDir),
    resumeFrom: home(options.resumeFrom),
    frozenPrefixCacheDir: home(options.frozenPrefixCacheDir),
    signal: options.signal,
  };
}

function defaultOf(name: TrainOptionName, { method, problemType, onGpu = false }: OptionContext): unknown {
  const row: OptionRow<unknown> = TRAIN_OPTION_TABLE[name];
  switch (row.default?.by) {
    case "nothing":
      return row.default.value;
    case "method":
      return row.default[method === "full" ? "full" : "lora"];
    case "device":
      return row.default[onGpu ? "gpu" : "cpu"];
    case "labels":
      return row.default[problemType === "multi_label_classification" ? "several" : "one"];
    default:
      return undefined;
  }
}

/** Replaces `~` in a path by the home folder. Leaves a value that is no path to the check. */
function home(path: string | undefined): string | undefined {
  return typeof path === "string" && path.trim() !== "" ? expandHome(path) : path;
}

/** Checks the type and range of each given value. */
function checkValues(
  problems: Problems,
  { options, resolved, context }: { options: TrainOptions; resolved: ResolvedTrainOptions; context: OptionContext },
): void {
  for (const name of TRAIN_OPTION_NAMES) {
    const row: OptionRow<unknown> = TRAIN_OPTION_TABLE[name];
    const given: unknown = options[name];
    if (given === undefined || (given === null && row.default !== undefined)) continue;
    const value: unknown = name === "metricForBestModel" ? resolved[name] : given;
    const { words, right } = checkValue(value, { row, context });
    problems.expect(
      right,
      `${name} must be ${words}; got ${typeof given === "number" ? given : JSON.stringify(given)}`,
    );
  }
  problems.expect(
    options.loraplusLrRatio === undefined || context.method === "lora",
    `loraplusLrRatio must be left out without an adapter; got ${String(options.loraplusLrRatio)}. It is the ` +
      "learning rate of an adapter's B: add an adapter",
  );
  if (context.problemType === "multi_label_classification")
    problems.expect(
      resolved.labelSmoothing === 0,
      "labelSmoothing needs one class per text; this classifier's texts have several labels",
    );
}

/** Whether a value is valid for its option, and which values are. */
function checkValue(
  value: unknown,
  { row, context }: { row: OptionRow<unknown>; context: OptionContext },
): { words: string; right: boolean } {
  const isNumber = typeof value === "number" && Number.isFinite(value);
  switch (row.kind) {
    case "number":
      return { words: row.range, right: isNumber && row.holds(value) };
    case "whole number":
      return { words: row.range, right: isNumber && Number.isInteger(value) && row.holds(value) };
    case "choice": {
      const several = context.problemType === "multi_label_classification" ? row.several : undefined;
      const values: readonly unknown[] = several ?? row.values;
      return { words: values.map((one) => JSON.stringify(one)).join(" or "), right: values.includes(value) };
    }
    case "switch":
      return { words: "true or false", right: typeof value === "boolean" };
    case "path":
      return { words: "a folder's path", right: typeof value === "string" && value !== "" };
    case "class weights":
      return {
        words: `"balanced" or ${context.numLabels} numbers above 0, one for each class`,
        right: value === "balanced" || isPositiveList(value, context.numLabels),
      };
  }
}

function isPositiveList(value: unknown, length: number): boolean {
  return (
    Array.isArray(value) &&
    value.length === length &&
    value.every((one) => typeof one === "number" && Number.isFinite(one) && one > 0)
  );
}

/** The given options, and the resolved ones. */
interface Resolution {
  readonly options: TrainOptions;
  readonly resolved: ResolvedTrainOptions;
}

/** Checks combinations of values. */
function checkTogether(problems: Problems, { options, resolved }: Resolution): void {
  const { metricForBestModel: metric, greaterIsBetter } = resolved;
  const given = (name: keyof TrainOptions): boolean => options[name] !== undefined;
  problems.expect(
    !(given("warmupSteps") && given("warmupRatio")),
    "warmupSteps and warmupRatio both set the length of the warm-up; give one of them",
  );
  problems.expect(
    !(given("trainSamplingStrategy") && given("groupByLength")) || options.groupByLength === resolved.groupByLength,
    `groupByLength ${String(options.groupByLength)} contradicts trainSamplingStrategy "${resolved.trainSamplingStrategy}"; leave groupByLength out`,
  );
  const warmup = options.warmupSteps ?? options.warmupRatio ?? 0;
  problems.expect(
    !(resolved.lrSchedulerType === "constant" && warmup > 0),
    `lrSchedulerType "constant" has no warm-up; choose "constant_with_warmup", or leave warmupSteps and warmupRatio out`,
  );
  problems.expect(
    !(resolved.labelSmoothing > 0 && resolved.focalGamma > 0),
    "labelSmoothing and focalGamma are two different losses; give one of them",
  );
  problems.expect(
    greaterIsBetter === (metric !== "loss"),
    `greaterIsBetter is ${greaterIsBetter}, but of ${metric} ${metric === "loss" ? "less" : "more"} is better; leave it out`,
  );
  if (!given("validation")) checkWithoutValidation(problems, options);
  problems.expect(
    !given("earlyStoppingThreshold") || given("earlyStoppingPatience"),
    "earlyStoppingThreshold has no effect without earlyStoppingPatience",
  );
  if (!given("outputDir")) {
    problems.expect(!given("saveSteps"), "saveSteps needs an outputDir to save to");
    problems.expect(resolved.reportTo !== "tensorboard", `reportTo "tensorboard" needs an outputDir to write to`);
    problems.expect(options.resumeFrom !== "last", `resumeFrom "last" looks into outputDir, which is not given`);
  }
  problems.expect(
    options.frozenPrefixCache !== false || !(given("frozenPrefixCacheDir") || given("frozenPrefixCacheLimit")),
    "frozenPrefixCacheDir and frozenPrefixCacheLimit have no effect with frozenPrefixCache false",
  );
  if (given("saveSteps") && given("validation") && resolved.loadBestModelAtEnd) checkSaveSteps(problems, resolved);
}

function checkWithoutValidation(problems: Problems, options: TrainOptions): void {
  const need = (names: string, given: boolean): boolean =>
    problems.expect(!given, `${names} evaluations; give validation examples`);
  const { loadBestModelAtEnd, earlyStoppingPatience, metricForBestModel, greaterIsBetter } = options;
  need("loadBestModelAtEnd needs", loadBestModelAtEnd === true);
  need("earlyStoppingPatience needs", earlyStoppingPatience !== undefined);
  need(
    "metricForBestModel and greaterIsBetter need",
    metricForBestModel !== undefined || greaterIsBetter !== undefined,
  );
}

/** Checks that an evaluation is due at each step that saves a checkpoint. */
function checkSaveSteps(problems: Problems, { saveSteps, evalSteps }: ResolvedTrainOptions): void {
  const oneUnit = evalSteps < 1 === saveSteps < 1;
  const units = oneUnit ? "" : ": both as a number of steps, or both as a share";
  problems.expect(
    oneUnit && isMultiple(saveSteps, evalSteps),
    "saveSteps must be a multiple of evalSteps while the best weights are loaded at the end" +
      `${units}; got ${saveSteps} and ${evalSteps}`,
  );
}

function isMultiple(a: number, b: number): boolean {
  return Math.round(a / b) >= 1 && Math.abs(a / b - Math.round(a / b)) < 1e-9;
}
