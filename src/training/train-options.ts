import type { ExampleLabel } from "./loss/classification-loss";

/** Options of `train`, under transformers' names (`TrainingArguments`) in camelCase. */
export interface TrainOptions {
  /** Examples to train on: a danfojs DataFrame with `texts` and `label` (and `ID`, for messages), or a list. */
  readonly train: TrainingData;
  /**
   * Examples to evaluate on during the run. Without them nothing is evaluated and the last weights stay.
   */
  readonly validation?: TrainingData;
  /**
   * Passes over the training examples; may be a fraction.
   * @default 3
   */
  readonly numTrainEpochs?: number;
  /** Optimizer steps, instead of `numTrainEpochs`. */
  readonly maxSteps?: number;
  /**
   * The highest learning rate.
   * @default 1e-3 with an adapter, 2e-5 for all weights
   */
  readonly learningRate?: number;
  /**
   * The rate after the warm-up: it falls to 0 linearly or by half a cosine, or stays. "constant" has no warm-up.
   * @default "linear"
   */
  readonly lrSchedulerType?: LrSchedulerType;
  /** Steps in which the rate rises from 0, instead of `warmupRatio`; a number below 1 is a share of all steps. */
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
   * Steps between evaluations; there is one after the last step, too; a number below 1 is a share of all steps.
   * @default 0.2
   */
  readonly evalSteps?: number;
  /**
   * Steps between checkpoints; there is one after the last step, too; a number below 1 is a share of all steps. With
   * `loadBestModelAtEnd` each new best is saved, too.
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
  /** Evaluations in a row without an improvement of `metricForBestModel` after which the run stops. */
  readonly earlyStoppingPatience?: number;
  /**
   * The least gain that counts as an improvement.
   * @default 0
   */
  readonly earlyStoppingThreshold?: number;
  /** Folder for checkpoints and the log, trainer_log.jsonl. Without it none are written. */
  readonly outputDir?: string;
  /**
   * Number of checkpoints that are kept, in addition to the best one.
   * @default 2
   */
  readonly saveTotalLimit?: number;
  /**
   * The checkpoint to resume from: its folder, or "last" for the newest whole one in `outputDir`. Everything that
   * decides the run's numbers must be as it was.
   */
  readonly resumeFrom?: "last" | (string & {});
  /**
   * "tensorboard" writes event files to `runs` in `outputDir` besides the log. Nothing is sent anywhere.
   * @default "none"
   */
  readonly reportTo?: (typeof REPORT_TARGETS)[number];
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
   * Rounds the operands of products with the layers' own weights to bfloat16, as autocast does: faster where the
   * processor has such instructions. The rounding is some percent of a gradient's largest value. Evaluation stays in
   * 32-bit floats.
   * @default false
   */
  readonly bf16?: boolean;
  /**
   * Steps whose losses and gradient norms are read together, since reading makes a GPU wait; on the processor it costs
   * nothing. Every step is still reported and logged, at the latest before an evaluation or a checkpoint.
   * @default 1 on the processor, 10 on a GPU
   */
  readonly loggingSteps?: number;
  /** Stops the run at the next step, with a checkpoint. */
  readonly signal?: AbortSignal;
}

/** transformers' names of learning rate schedules. */
export const LR_SCHEDULER_TYPES = ["linear", "cosine", "constant", "constant_with_warmup"] as const;

/** One of `LR_SCHEDULER_TYPES`. */
export type LrSchedulerType = (typeof LR_SCHEDULER_TYPES)[number];

/** transformers' orders of the training examples. */
export const SAMPLING_STRATEGIES = ["random", "sequential", "group_by_length"] as const;

/** One of `SAMPLING_STRATEGIES`. */
export type SamplingStrategy = (typeof SAMPLING_STRATEGIES)[number];

/** Targets of a run's numbers besides its log. */
export const REPORT_TARGETS = ["none", "tensorboard"] as const;

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

/** Those that there are where a text has several labels. */
export const MULTI_LABEL_METRICS = [
  "loss",
  "accuracy",
  "f1",
  "precision",
  "recall",
  "f1_macro",
] as const satisfies readonly MetricName[];

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
