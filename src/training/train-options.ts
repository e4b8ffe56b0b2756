import { Problems } from "../base/problems";

/** Options of `train`, under transformers' names (`TrainingArguments`) in camelCase. */
export interface TrainOptions {
  /** Examples to train on: a danfojs DataFrame with `texts` and `label`, or a list. */
  readonly train: TrainingData;
  /** Examples that the run is judged by while it goes on. Without them nothing is evaluated and the last weights stay. */
  readonly validation?: TrainingData;
  /**
   * Passes over the training examples; may be a fraction.
   * @default 3
   */
  readonly numTrainEpochs?: number;
  /** Optimizer steps, in the place of `numTrainEpochs`. */
  readonly maxSteps?: number;
  /**
   * The highest learning rate.
   * @default 1e-3 with an adapter, 2e-5 for all weights
   */
  readonly learningRate?: number;
  /**
   * How the rate goes on after the warm-up: linearly down to 0, or as it is.
   * @default "linear"
   */
  readonly lrSchedulerType?: "linear" | "constant";
  /**
   * Share of the steps in which the rate rises from 0.
   * @default 0.1 with an adapter, 0 for all weights
   */
  readonly warmupRatio?: number;
  /**
   * Examples an optimizer step.
   * @default 16
   */
  readonly perDeviceTrainBatchSize?: number;
  /**
   * AdamW's decoupled decay; biases and norms have none.
   * @default 0.01
   */
  readonly weightDecay?: number;
  /**
   * Bound of the gradient's global norm; 0 for none.
   * @default 1
   */
  readonly maxGradNorm?: number;
  /**
   * Whether batches are made of texts of like length, as transformers does. There is no padding to save here; it
   * evens out the time of a step.
   * @default false
   */
  readonly groupByLength?: boolean;
  /**
   * Evaluate, and save a checkpoint, every so many steps; a number below 1 is a share of all steps.
   * @default 0.2
   */
  readonly evalSteps?: number;
  /**
   * What the best checkpoint is chosen by: the validation's accuracy (ties by loss), or its loss.
   * @default "accuracy"
   */
  readonly metricForBestModel?: "accuracy" | "loss";
  /**
   * Whether the weights of the best evaluation are put back at the end.
   * @default true
   */
  readonly loadBestModelAtEnd?: boolean;
  /** Where checkpoints go. Without it none are written. */
  readonly outputDir?: string;
  /**
   * How many checkpoints are kept, the best one besides.
   * @default 2
   */
  readonly saveTotalLimit?: number;
  /**
   * Decides shuffles and dropout masks.
   * @default 42
   */
  readonly seed?: number;
  /**
   * Tokens in one forward and backward pass: a batch of more is taken in parts whose gradients are summed. Memory
   * grows with it; the result does not change.
   * @default 2048
   */
  readonly maxTokensPerPass?: number;
  /** Stops the run at the next step, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** Texts with the number of their class. */
export type TrainingData = { readonly columns: readonly string[]; column(name: string): { readonly values: unknown } } | readonly { readonly text: string; readonly label: number }[];

/** {@link TrainOptions} with every value decided, data left out. */
export type ResolvedTrainOptions = Required<Omit<TrainOptions, "train" | "validation" | "maxSteps" | "outputDir" | "signal">> & Pick<TrainOptions, "maxSteps" | "outputDir" | "signal">;

const KNOWN: readonly (keyof TrainOptions)[] = [
  "train",
  "validation",
  "numTrainEpochs",
  "maxSteps",
  "learningRate",
  "lrSchedulerType",
  "warmupRatio",
  "perDeviceTrainBatchSize",
  "weightDecay",
  "maxGradNorm",
  "groupByLength",
  "evalSteps",
  "metricForBestModel",
  "loadBestModelAtEnd",
  "outputDir",
  "saveTotalLimit",
  "seed",
  "maxTokensPerPass",
  "signal",
];

/**
 * Fills in the defaults and checks every value.
 *
 * @throws TsloraError `bad-option` that lists everything wrong, before anything is trained or written.
 */
export function resolveTrainOptions(options: TrainOptions, { method }: { method: "lora" | "full" }): ResolvedTrainOptions {
  const resolved: ResolvedTrainOptions = {
    numTrainEpochs: options.numTrainEpochs ?? 3,
    maxSteps: options.maxSteps,
    learningRate: options.learningRate ?? (method === "lora" ? 1e-3 : 2e-5),
    lrSchedulerType: options.lrSchedulerType ?? "linear",
    warmupRatio: options.warmupRatio ?? (method === "lora" ? 0.1 : 0),
    perDeviceTrainBatchSize: options.perDeviceTrainBatchSize ?? 16,
    weightDecay: options.weightDecay ?? 0.01,
    maxGradNorm: options.maxGradNorm ?? 1,
    groupByLength: options.groupByLength ?? false,
    evalSteps: options.evalSteps ?? 0.2,
    metricForBestModel: options.metricForBestModel ?? "accuracy",
    loadBestModelAtEnd: options.loadBestModelAtEnd ?? true,
    outputDir: options.outputDir,
    saveTotalLimit: options.saveTotalLimit ?? 2,
    seed: options.seed ?? 42,
    maxTokensPerPass: options.maxTokensPerPass ?? 2048,
    signal: options.signal,
  };
  const problems = new Problems("train");
  for (const name of Object.keys(options)) problems.expect((KNOWN as readonly string[]).includes(name), `"${name}" is not an option; known are ${KNOWN.join(", ")}`);
  const finite = (name: keyof ResolvedTrainOptions, holds: (value: number) => boolean, range: string): void => {
    const value = resolved[name];
    problems.expect(typeof value === "number" && Number.isFinite(value) && holds(value), `${name} is to be ${range}; ${typeof value === "number" ? value : JSON.stringify(value)} came`);
  };
  finite("numTrainEpochs", (x) => x > 0, "a number above 0");
  if (options.maxSteps !== undefined) finite("maxSteps", (x) => Number.isInteger(x) && x > 0, "a whole number above 0");
  finite("learningRate", (x) => x > 0, "a number above 0");
  finite("warmupRatio", (x) => x >= 0 && x <= 1, "a number from 0 to 1");
  finite("perDeviceTrainBatchSize", (x) => Number.isInteger(x) && x > 0, "a whole number above 0");
  finite("weightDecay", (x) => x >= 0, "a number of at least 0");
  finite("maxGradNorm", (x) => x >= 0, "a number of at least 0");
  finite("evalSteps", (x) => x > 0 && (x < 1 || Number.isInteger(x)), "a whole number of steps, or a share of them between 0 and 1");
  finite("saveTotalLimit", (x) => Number.isInteger(x) && x > 0, "a whole number above 0");
  finite("seed", (x) => Number.isInteger(x), "a whole number");
  finite("maxTokensPerPass", (x) => Number.isInteger(x) && x > 0, "a whole number above 0");
  problems.expect(["linear", "constant"].includes(resolved.lrSchedulerType), `lrSchedulerType is to be "linear" or "constant"; ${JSON.stringify(resolved.lrSchedulerType)} came`);
  problems.expect(["accuracy", "loss"].includes(resolved.metricForBestModel), `metricForBestModel is to be "accuracy" or "loss"; ${JSON.stringify(resolved.metricForBestModel)} came`);
  problems.throwIfAny();
  return resolved;
}
