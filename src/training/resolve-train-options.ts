import { expandHome } from "../base/files/expand-home";
import { Problems } from "../base/problems";
import type { ProblemType } from "../model/encoder-config";
import {
  SAMPLING_STRATEGIES,
  TRAIN_DEFAULTS,
  type LrSchedulerType,
  type MetricName,
  type ResolvedTrainOptions,
  type TrainOptions,
} from "./train-options";

const KNOWN: Readonly<Record<keyof TrainOptions, true>> = {
  train: true,
  validation: true,
  numTrainEpochs: true,
  maxSteps: true,
  learningRate: true,
  lrSchedulerType: true,
  warmupSteps: true,
  warmupRatio: true,
  perDeviceTrainBatchSize: true,
  gradientAccumulationSteps: true,
  weightDecay: true,
  maxGradNorm: true,
  classWeights: true,
  labelSmoothing: true,
  focalGamma: true,
  trainSamplingStrategy: true,
  groupByLength: true,
  evalSteps: true,
  saveSteps: true,
  metricForBestModel: true,
  greaterIsBetter: true,
  loadBestModelAtEnd: true,
  earlyStoppingPatience: true,
  earlyStoppingThreshold: true,
  outputDir: true,
  saveTotalLimit: true,
  resumeFrom: true,
  reportTo: true,
  seed: true,
  maxTokensPerPass: true,
  bf16: true,
  loggingSteps: true,
  signal: true,
};
const SCHEDULERS: readonly LrSchedulerType[] = ["linear", "cosine", "constant", "constant_with_warmup"];
const METRICS: Readonly<Record<ProblemType, readonly MetricName[]>> = {
  single_label_classification: [
    "loss",
    "accuracy",
    "f1",
    "precision",
    "recall",
    "f1_macro",
    "balanced_accuracy",
    "matthews_correlation",
  ],
  multi_label_classification: ["loss", "accuracy", "f1", "precision", "recall", "f1_macro"],
};

/** Facts that the options are checked against. */
export interface OptionContext {
  readonly method: "lora" | "full";
  readonly problemType: ProblemType;
  readonly numLabels: number;
  /** Whether the model runs on a GPU. */
  readonly onGpu?: boolean;
}

/**
 * Fills in the defaults and checks every value, and the values against each other.
 *
 * @throws TsloraError `bad-option` that lists everything wrong, before anything is trained or written.
 */
export function resolveTrainOptions(options: TrainOptions, context: OptionContext): ResolvedTrainOptions {
  const lora = context.method === "lora";
  const multi = context.problemType === "multi_label_classification";
  const metric = String(options.metricForBestModel ?? (multi ? "f1" : "accuracy")).replace(/^eval_/, "") as MetricName;
  const trainSamplingStrategy =
    options.trainSamplingStrategy ??
    (options.groupByLength === true ? "group_by_length" : TRAIN_DEFAULTS.trainSamplingStrategy);
  const evalSteps = options.evalSteps ?? TRAIN_DEFAULTS.evalSteps;
  const resolved: ResolvedTrainOptions = {
    numTrainEpochs: options.numTrainEpochs ?? TRAIN_DEFAULTS.numTrainEpochs,
    maxSteps: options.maxSteps,
    learningRate: options.learningRate ?? (lora ? 1e-3 : 2e-5),
    lrSchedulerType: options.lrSchedulerType ?? TRAIN_DEFAULTS.lrSchedulerType,
    warmupSteps: options.warmupSteps,
    warmupRatio:
      options.warmupSteps !== undefined
        ? undefined
        : (options.warmupRatio ?? (lora && options.lrSchedulerType !== "constant" ? 0.1 : 0)),
    perDeviceTrainBatchSize: options.perDeviceTrainBatchSize ?? TRAIN_DEFAULTS.perDeviceTrainBatchSize,
    gradientAccumulationSteps: options.gradientAccumulationSteps ?? TRAIN_DEFAULTS.gradientAccumulationSteps,
    weightDecay: options.weightDecay ?? TRAIN_DEFAULTS.weightDecay,
    maxGradNorm: options.maxGradNorm ?? TRAIN_DEFAULTS.maxGradNorm,
    classWeights: options.classWeights,
    labelSmoothing: options.labelSmoothing ?? TRAIN_DEFAULTS.labelSmoothing,
    focalGamma: options.focalGamma ?? TRAIN_DEFAULTS.focalGamma,
    trainSamplingStrategy,
    groupByLength: trainSamplingStrategy === "group_by_length",
    evalSteps,
    saveSteps: options.saveSteps ?? evalSteps,
    metricForBestModel: metric,
    greaterIsBetter: options.greaterIsBetter ?? metric !== "loss",
    loadBestModelAtEnd: options.loadBestModelAtEnd ?? options.validation !== undefined,
    earlyStoppingPatience: options.earlyStoppingPatience,
    earlyStoppingThreshold: options.earlyStoppingThreshold ?? TRAIN_DEFAULTS.earlyStoppingThreshold,
    outputDir: home(options.outputDir),
    saveTotalLimit: options.saveTotalLimit ?? TRAIN_DEFAULTS.saveTotalLimit,
    resumeFrom: home(options.resumeFrom),
    reportTo: options.reportTo ?? TRAIN_DEFAULTS.reportTo,
    seed: options.seed ?? TRAIN_DEFAULTS.seed,
    maxTokensPerPass: options.maxTokensPerPass ?? (context.onGpu === true ? 8192 : 2048),
    bf16: options.bf16 ?? TRAIN_DEFAULTS.bf16,
    loggingSteps: options.loggingSteps ?? (context.onGpu === true ? 10 : 1),
    signal: options.signal,
  };
  const problems = new Problems("train");
  for (const name of Object.keys(options))
    problems.expect(
      Object.hasOwn(KNOWN, name),
      `"${name}" is not an option; known are ${Object.keys(KNOWN).join(", ")}`,
    );
  checkValues(problems, { options, resolved, context });
  checkTogether(problems, { options, resolved });
  problems.throwIfAny();
  return resolved;
}

/** A path with the home folder for its `~`; what is no text is left for the check. */
function home(path: string | undefined): string | undefined {
  return typeof path === "string" ? expandHome(path) : path;
}

/** Each value by itself. */
function checkValues(
  problems: Problems,
  { options, resolved, context }: { options: TrainOptions; resolved: ResolvedTrainOptions; context: OptionContext },
): void {
  const got = (value: unknown): string => `got ${typeof value === "number" ? value : JSON.stringify(value)}`;
  const number = (name: keyof ResolvedTrainOptions, holds: (value: number) => boolean, range: string): void => {
    const value = resolved[name];
    problems.expect(
      typeof value === "number" && Number.isFinite(value) && holds(value),
      `${name} must be ${range}; ${got(value)}`,
    );
  };
  const whole = (name: keyof ResolvedTrainOptions): void =>
    number(name, (x) => Number.isInteger(x) && x > 0, "a whole number above 0");
  const oneOf = (name: keyof ResolvedTrainOptions, values: readonly unknown[]): void =>
    void problems.expect(
      values.includes(resolved[name]),
      `${name} must be ${values.map((v) => JSON.stringify(v)).join(" or ")}; ${got(options[name])}`,
    );
  number("numTrainEpochs", (x) => x > 0, "a number above 0");
  if (options.maxSteps !== undefined) whole("maxSteps");
  number("learningRate", (x) => x > 0, "a number above 0");
  if (options.warmupSteps !== undefined)
    number(
      "warmupSteps",
      (x) => x >= 0 && (x < 1 || Number.isInteger(x)),
      "a whole number of steps, or a share of them below 1",
    );
  else number("warmupRatio", (x) => x >= 0 && x <= 1, "a number from 0 to 1");
  for (const name of [
    "perDeviceTrainBatchSize",
    "gradientAccumulationSteps",
    "saveTotalLimit",
    "maxTokensPerPass",
    "loggingSteps",
  ] as const)
    whole(name);
  for (const name of ["weightDecay", "maxGradNorm", "focalGamma", "earlyStoppingThreshold"] as const)
    number(name, (x) => x >= 0, "a number of at least 0");
  number("labelSmoothing", (x) => x >= 0 && x < 1, "a number from 0 to below 1");
  for (const name of ["evalSteps", "saveSteps"] as const) {
    if (name === "evalSteps" || options.saveSteps !== undefined)
      number(
        name,
        (x) => x > 0 && (x < 1 || Number.isInteger(x)),
        "a whole number of steps, or a share of them between 0 and 1",
      );
  }
  if (options.earlyStoppingPatience !== undefined) whole("earlyStoppingPatience");
  number("seed", (x) => Number.isInteger(x), "a whole number");
  oneOf("lrSchedulerType", SCHEDULERS);
  oneOf("metricForBestModel", METRICS[context.problemType]);
  oneOf("reportTo", ["none", "tensorboard"]);
  oneOf("trainSamplingStrategy", SAMPLING_STRATEGIES);
  const grouped: unknown = options.groupByLength;
  problems.expect(
    grouped === undefined || typeof grouped === "boolean",
    `groupByLength must be true or false; ${got(grouped)}`,
  );
  for (const name of ["greaterIsBetter", "loadBestModelAtEnd", "bf16"] as const) oneOf(name, [true, false]);
  for (const name of ["outputDir", "resumeFrom"] as const) {
    const value: unknown = options[name];
    problems.expect(
      value === undefined || (typeof value === "string" && value !== ""),
      `${name} must be a folder's path; ${got(value)}`,
    );
  }
  const weights: unknown = options.classWeights;
  const right =
    weights === undefined ||
    weights === "balanced" ||
    (Array.isArray(weights) &&
      weights.length === context.numLabels &&
      weights.every((w) => typeof w === "number" && Number.isFinite(w) && w > 0));
  problems.expect(
    right,
    `classWeights must be "balanced" or ${context.numLabels} numbers above 0, one for each class; ${got(weights)}`,
  );
  if (context.problemType === "multi_label_classification")
    problems.expect(
      resolved.labelSmoothing === 0,
      "labelSmoothing is for one class a text; this classifier's texts have several labels",
    );
}

/** The values against each other. */
function checkTogether(
  problems: Problems,
  { options, resolved }: { options: TrainOptions; resolved: ResolvedTrainOptions },
): void {
  const { evalSteps, saveSteps, metricForBestModel: metric, greaterIsBetter } = resolved;
  const given = (name: keyof TrainOptions): boolean => options[name] !== undefined;
  problems.expect(
    !(given("warmupSteps") && given("warmupRatio")),
    "warmupSteps and warmupRatio say the same thing; give one of them",
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
  if (!given("validation")) {
    problems.expect(
      options.loadBestModelAtEnd !== true,
      "loadBestModelAtEnd needs evaluations; give validation examples",
    );
    problems.expect(
      !given("earlyStoppingPatience"),
      "earlyStoppingPatience needs evaluations; give validation examples",
    );
    problems.expect(
      !given("metricForBestModel") && !given("greaterIsBetter"),
      "metricForBestModel and greaterIsBetter need evaluations; give validation examples",
    );
  }
  problems.expect(
    !given("earlyStoppingThreshold") || given("earlyStoppingPatience"),
    "earlyStoppingThreshold does nothing without earlyStoppingPatience",
  );
  if (!given("outputDir")) {
    problems.expect(!given("saveSteps"), "saveSteps needs an outputDir to save to");
    problems.expect(resolved.reportTo !== "tensorboard", `reportTo "tensorboard" needs an outputDir to write to`);
    problems.expect(options.resumeFrom !== "last", `resumeFrom "last" looks into outputDir, which is not given`);
  }
  if (given("saveSteps") && given("validation") && resolved.loadBestModelAtEnd) {
    if (evalSteps < 1 !== saveSteps < 1)
      problems.expect(
        false,
        `saveSteps must be a multiple of evalSteps while the best weights are loaded at the end: both as a number of steps, or both as a share; got ${saveSteps} and ${evalSteps}`,
      );
    else
      problems.expect(
        isMultiple(saveSteps, evalSteps),
        `saveSteps must be a multiple of evalSteps while the best weights are loaded at the end; got ${saveSteps} and ${evalSteps}`,
      );
  }
}

function isMultiple(a: number, b: number): boolean {
  return Math.round(a / b) >= 1 && Math.abs(a / b - Math.round(a / b)) < 1e-9;
}
