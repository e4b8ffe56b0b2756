import type { ExampleLabel } from "./loss/classification-loss";

/** Options of `train`, under transformers' names (`TrainingArguments`) in camelCase. */
export interface TrainOptions {
  /** Examples to train on: a danfojs DataFrame with `texts` and `label` (and `ID`, for messages), or a list. */
  readonly train: TrainingData;
  /**
   * Examples that the run is judged by while it goes on. Without them nothing is evaluated and the last weights stay.
   */
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
   * How the rate goes on after the warm-up: linearly or by half a cosine down to 0, or as it is. "constant" has no
   * warm-up.
   * @default "linear"
   */
  readonly lrSchedulerType?: LrSchedulerType;
  /** Steps in which the rate rises from 0, in the place of `warmupRatio`; a number below 1 is a share of all steps. */
  readonly warmupSteps?: number;
  /**
   * Share of the steps in which the rate rises from 0.
   * @default 0.1 with an adapter, 0 for all weights and for "constant"
   */
  readonly warmupRatio?: number;
  /**
   * Examples a micro-batch; `gradientAccumulationSteps` of them make an optimizer step.
   * @default 16
   */
  readonly perDeviceTrainBatchSize?: number;
  /**
   * Micro-batches an optimizer step. The step is that of one batch of all their examples, class weights included.
   * @default 1
   */
  readonly gradientAccumulationSteps?: number;
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
   * Weights of the classes in the loss, or "balanced", scikit-learn's weights by the training examples. Where a text
   * has several labels, the weights of a label's positives (torch's `pos_weight`).
   */
  readonly classWeights?: "balanced" | readonly number[];
  /**
   * Share of the target that is spread over all classes, as torch's `label_smoothing`.
   * @default 0
   */
  readonly labelSmoothing?: number;
  /**
   * Gamma of the focal loss (Lin et al., 2017), which gives less weight to what is predicted well; 0 is the cross
   * entropy.
   * @default 0
   */
  readonly focalGamma?: number;
  /**
   * The order of the examples in each epoch. "random": a new shuffle, by `seed`. "sequential": as they are given, to
   * compare with another trainer, or for a curriculum. "group_by_length": batches of texts of like length, in a new
   * order; there is no padding to save here, and it evens out the time of a step.
   * @default "random"
   */
  readonly trainSamplingStrategy?: SamplingStrategy;
  /**
   * transformers 4's name: `true` is `trainSamplingStrategy: "group_by_length"`, and `false` is "random".
   * @default given by `trainSamplingStrategy`
   */
  readonly groupByLength?: boolean;
  /**
   * Evaluate every so many steps, and after the last; a number below 1 is a share of all steps.
   * @default 0.2
   */
  readonly evalSteps?: number;
  /**
   * Save a checkpoint every so many steps, and after the last; a number below 1 is a share of all steps. While the best
   * weights are to be loaded at the end, each new best is saved, too.
   * @default evalSteps
   */
  readonly saveSteps?: number;
  /**
   * The metric of the evaluation that chooses the best weights; ties are broken by loss.
   * @default "accuracy"; "f1" where a text has several labels
   */
  readonly metricForBestModel?: MetricName | `eval_${MetricName}`;
  /**
   * Whether more of `metricForBestModel` is better.
   * @default true, but for the loss
   */
  readonly greaterIsBetter?: boolean;
  /**
   * Whether the weights of the best evaluation are put back at the end.
   * @default true where there is a validation set
   */
  readonly loadBestModelAtEnd?: boolean;
  /** Stop after so many evaluations in a row that did not improve `metricForBestModel`. */
  readonly earlyStoppingPatience?: number;
  /**
   * By how much an evaluation is to be better to count as an improvement.
   * @default 0
   */
  readonly earlyStoppingThreshold?: number;
  /** Where checkpoints and the log, trainer_log.jsonl, go. Without it none are written. */
  readonly outputDir?: string;
  /**
   * Number of checkpoints that are kept, in addition to the best one.
   * @default 2
   */
  readonly saveTotalLimit?: number;
  /**
   * Go on from a checkpoint: its folder, or "last" for the newest whole one in `outputDir`. Everything that decides
   * the run's numbers is to be as it was.
   */
  readonly resumeFrom?: "last" | (string & {});
  /**
   * "tensorboard" writes event files to `runs` in `outputDir` besides the log. Nothing is sent anywhere.
   * @default "none"
   */
  readonly reportTo?: "none" | "tensorboard";
  /**
   * Decides shuffles and dropout masks.
   * @default 42
   */
  readonly seed?: number;
  /**
   * Tokens in one forward and backward pass: a batch of more is taken in parts whose gradients are summed. Memory
   * grows with it. Without dropout the result does not change; with it, masks are drawn for other parts.
   * @default 2048 on the processor, 8192 on a GPU
   */
  readonly maxTokensPerPass?: number;
  /**
   * Multiplies by the layers' own weights from operands rounded to bfloat16, as autocast does: faster where the
   * processor has such instructions. Of a gradient's largest value some percent are then rounding. Evaluation stays in
   * 32-bit floats.
   * @default false
   */
  readonly bf16?: boolean;
  /**
   * Steps whose losses and gradient norms are read together: a GPU is waited for once in so many steps. Each step's
   * own are told and logged all the same. Evaluations and checkpoints do not wait.
   * @default 1 on the processor, where reading costs nothing; 10 on a GPU
   */
  readonly loggingSteps?: number;
  /** Stops the run at the next step, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** transformers' names of learning rate schedules. */
export type LrSchedulerType = "linear" | "cosine" | "constant" | "constant_with_warmup";

/** transformers' orders of the training examples. */
export const SAMPLING_STRATEGIES = ["random", "sequential", "group_by_length"] as const;

/** One of `SAMPLING_STRATEGIES`. */
export type SamplingStrategy = (typeof SAMPLING_STRATEGIES)[number];

/** The defaults that are the same for every method, device and data. */
export const TRAIN_DEFAULTS = {
  numTrainEpochs: 3,
  lrSchedulerType: "linear",
  perDeviceTrainBatchSize: 16,
  gradientAccumulationSteps: 1,
  weightDecay: 0.01,
  maxGradNorm: 1,
  labelSmoothing: 0,
  focalGamma: 0,
  trainSamplingStrategy: "random",
  evalSteps: 0.2,
  earlyStoppingThreshold: 0,
  saveTotalLimit: 2,
  reportTo: "none",
  seed: 42,
  bf16: false,
} as const satisfies Partial<TrainOptions>;

/** Results of an evaluation while training. */
export const METRIC_NAMES = [
  "loss",
  "accuracy",
  "f1",
  "precision",
  "recall",
  "f1_macro",
  "balanced_accuracy",
  "matthews_correlation",
] as const;

/** The name of one of `METRIC_NAMES`. */
export type MetricName = (typeof METRIC_NAMES)[number];

/** Texts with the number of their class, or with a 0 or 1 for each label. */
export type TrainingData =
  | { readonly columns: readonly string[]; column(name: string): { readonly values: unknown } }
  | readonly { readonly text: string; readonly label: ExampleLabel }[];

/** {@link TrainOptions} with every value decided, data left out. */
export type ResolvedTrainOptions = Required<
  Omit<TrainOptions, "train" | "validation" | Optional | "warmupRatio" | "metricForBestModel">
> &
  Pick<TrainOptions, Optional> & { readonly metricForBestModel: MetricName; readonly warmupRatio: number | undefined };

type Optional =
  "maxSteps" | "warmupSteps" | "classWeights" | "earlyStoppingPatience" | "outputDir" | "resumeFrom" | "signal";
