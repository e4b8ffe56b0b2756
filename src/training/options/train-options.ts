import type { ExampleLabel } from "../loss/classification-loss";

/** Options of `train`, under transformers' names (`TrainingArguments`) in camelCase. */
export interface TrainOptions {
  /**
   * Examples to train on: a danfojs DataFrame with `texts` and `label` (`text_pair` for pairs of texts, and `ID`, for
   * messages), or a list.
   */
  readonly train: TrainingData;
  /**
   * Examples to evaluate on during the run. Without them nothing is evaluated, and the run ends with the last weights.
   */
  readonly validation?: TrainingData;
  /**
   * Number of passes over the training examples; may be a fraction.
   * @default 3
   */
  readonly numTrainEpochs?: number;
  /** Number of optimizer steps, instead of `numTrainEpochs`. */
  readonly maxSteps?: number;
  /**
   * The highest learning rate, after the warm-up.
   * @default 1e-3 with an adapter or for the head alone, 2e-5 for all weights
   */
  readonly learningRate?: number;
  /**
   * LoRA+ (Hayou, Ghosh and Yu, 2024): the learning rate of every adapter's B, and of vectors such as the head's bias,
   * is this multiple of `learningRate`, as with peft's `create_loraplus_optimizer`. The paper advises a ratio above 1,
   * and then a lower `learningRate`. `weightDecay` is peft's `loraplus_weight_decay`. Only for LoRA adapters.
   */
  readonly loraplusLrRatio?: number;
  /**
   * Layer-wise decay (Clark et al., "ELECTRA", 2020): the head has the full learning rate, the last layer this share of
   * it, each layer below it this share of the next one's, and the embeddings the lowest rate. An adapter's weights have
   * the rate of the layer that they adapt. 1 means no decay; 0.8 to 0.95 is usual.
   */
  readonly layerwiseLrDecay?: number;
  /**
   * Schedule after the warm-up: the rate falls to 0 linearly or by half a cosine, or stays constant. "constant" has no
   * warm-up.
   * @default "linear"
   */
  readonly lrSchedulerType?: LrSchedulerType;
  /**
   * Steps of the warm-up, in which the rate rises from 0, instead of `warmupRatio`. A number below 1 is a share of all
   * steps.
   */
  readonly warmupSteps?: number;
  /**
   * Share of all steps that the warm-up takes, in which the rate rises from 0.
   * @default 0.1 with an adapter or for the head alone, 0 for all weights and for "constant"
   */
  readonly warmupRatio?: number;
  /**
   * Examples per micro-batch. `gradientAccumulationSteps` micro-batches make one optimizer step.
   * @default 16
   */
  readonly perDeviceTrainBatchSize?: number;
  /**
   * Micro-batches per optimizer step. The step equals that of one batch of all their examples, including class weights.
   * @default 1
   */
  readonly gradientAccumulationSteps?: number;
  /**
   * AdamW's decoupled weight decay; biases and norms have none.
   * @default 0.01
   */
  readonly weightDecay?: number;
  /**
   * Largest global norm of the gradients, for clipping; 0 means no clipping.
   * @default 1
   */
  readonly maxGradNorm?: number;
  /**
   * Weights of the classes in the loss, or "balanced" for scikit-learn's weights by the training examples. If a text
   * can have several labels, the weights of each label's positives (torch's `pos_weight`).
   */
  readonly classWeights?: "balanced" | readonly number[];
  /**
   * Share of the target that is spread over all classes; torch's `label_smoothing`.
   * @default 0
   */
  readonly labelSmoothing?: number;
  /**
   * Gamma of the focal loss (Lin et al., 2017), which gives less weight to examples that are predicted well; 0 is the
   * cross entropy.
   * @default 0
   */
  readonly focalGamma?: number;
  /**
   * The order of the examples in each epoch. "random": a new shuffle, by `seed`. "sequential": the given order, to
   * compare with another trainer, or for a curriculum. "group_by_length": batches of texts of similar length, in a new
   * order. Batches have no padding here, so it saves none, but steps take more equal time.
   * @default "random"
   */
  readonly trainSamplingStrategy?: SamplingStrategy;
  /**
   * transformers 4's name of this option: `true` means `trainSamplingStrategy: "group_by_length"`, and `false` means
   * "random".
   * @default given by `trainSamplingStrategy`
   */
  readonly groupByLength?: boolean;
  /**
   * Steps between evaluations. A number below 1 is a share of all steps. The last step is always evaluated.
   * @default 0.2
   */
  readonly evalSteps?: number;
  /**
   * Steps between checkpoints. A number below 1 is a share of all steps. The last step is always saved; with
   * `loadBestModelAtEnd` each new best is saved too.
   * @default evalSteps
   */
  readonly saveSteps?: number;
  /**
   * The metric that selects the best weights. The loss breaks ties.
   * @default "accuracy"; "f1" where a text has several labels
   */
  readonly metricForBestModel?: MetricName | `eval_${MetricName}`;
  /**
   * Whether a greater `metricForBestModel` is better.
   * @default true, except for the loss
   */
  readonly greaterIsBetter?: boolean;
  /**
   * Whether to restore the weights of the best evaluation at the end.
   * @default true where there is a validation set
   */
  readonly loadBestModelAtEnd?: boolean;
  /** Number of consecutive evaluations without an improvement of `metricForBestModel` after which the run stops. */
  readonly earlyStoppingPatience?: number;
  /**
   * An improvement must be greater than this.
   * @default 0
   */
  readonly earlyStoppingThreshold?: number;
  /** Folder for checkpoints and the log, trainer_log.jsonl. Without it nothing is written. */
  readonly outputDir?: string;
  /**
   * Number of checkpoints to keep, in addition to the best one.
   * @default 2
   */
  readonly saveTotalLimit?: number;
  /**
   * The checkpoint to resume from: its folder, or "last" for the newest undamaged one in `outputDir`. All options and
   * data that affect the run's numbers must be unchanged.
   */
  readonly resumeFrom?: "last" | (string & {});
  /**
   * "tensorboard" writes event files to `runs` in `outputDir`, in addition to the log. "mlflow" sends parameters,
   * numbers and the adapter to the server of MLFLOW_TRACKING_URI (with MLFLOW_TRACKING_TOKEN, or
   * MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, MLFLOW_EXPERIMENT_NAME and MLFLOW_RUN_NAME); if it fails, a
   * warning says so once and the run goes on. Without "mlflow" nothing is sent over the network.
   * @default "none"
   */
  readonly reportTo?: (typeof REPORT_TARGETS)[number];
  /**
   * Seed of shuffles and dropout masks.
   * @default 42
   */
  readonly seed?: number;
  /**
   * Most tokens in one forward and backward pass. A larger batch is divided into parts whose gradients are summed.
   * Memory grows with this number. Without dropout the result does not depend on it; with dropout the masks do.
   * @default 2048 on the processor, 8192 on a GPU
   */
  readonly maxTokensPerPass?: number;
  /**
   * Rounds the operands of products with the layers' own weights to bfloat16, as autocast does; products are summed in
   * 32-bit floats. It needs a processor with AVX512-BF16 or AMX, or a GPU; elsewhere it brings nothing and is not used:
   * there is a warning. Trained weights, updates and evaluation stay in 32-bit floats. The rounding error is some
   * percent of a gradient's largest value.
   * @default false
   */
  readonly bf16?: boolean;
  /**
   * Number of steps whose losses and gradient norms are read together. Reading makes a GPU wait; on the processor it
   * costs nothing. Every step is still reported and logged, at the latest before an evaluation or a checkpoint.
   * @default 1 on the processor, 10 on a GPU
   */
  readonly loggingSteps?: number;
  /**
   * Whether dropout also applies to frozen layers below the first trained one, as in peft. `false` turns it off there,
   * in the embeddings too; the layers above keep it. Needs such layers: an adapter with `layersToTransform`, or
   * `trainHead`.
   * @default true
   */
  readonly frozenPrefixDropout?: boolean;
  /**
   * Computes the frozen layers below the first trained one once for each text, keeps the results on disk, and reads
   * them in all epochs, evaluations and later runs. Needs such layers, without dropout (`frozenPrefixDropout: false`,
   * or a model whose rates are 0).
   *
   * On the processor, cached results equal computed ones bit for bit. There the cache is used by default if the run has
   * more than one epoch and the results fit into `frozenPrefixCacheLimit`. On a GPU, the last bits of a text's results
   * depend on the other texts of its batch. There `true` computes each text in a batch of its own. The numbers of a run
   * are then the same with an empty and a full cache, but differ in the last bits from those without a cache. `false`
   * means no cache.
   * @default true where it changes no number
   */
  readonly frozenPrefixCache?: boolean;
  /**
   * Folder of that cache, `.tslora/cache/frozen-prefix` if none is given. It may be deleted at any time, also with
   * `clearFrozenPrefixCache`. Several runs may use it at once.
   */
  readonly frozenPrefixCacheDir?: string;
  /**
   * Most gigabytes of that cache, for all models together. The least recently used results are deleted first. A text
   * of n tokens takes 4 n times the model's width in bytes; with a trained head alone, one vector.
   * @default 10
   */
  readonly frozenPrefixCacheLimit?: number;
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

/** Targets to which a run's numbers are written, in addition to its log. */
export const REPORT_TARGETS = ["none", "tensorboard", "mlflow"] as const;

/** Results of an evaluation during training. */
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

/** The metrics that exist if a text can have several labels. */
export const MULTI_LABEL_METRICS = [
  "loss",
  "accuracy",
  "f1",
  "precision",
  "recall",
  "f1_macro",
] as const satisfies readonly MetricName[];

/** Texts, or pairs of texts, with their class, or with a 0 or 1 for each label. */
export type TrainingData =
  | { readonly columns: readonly string[]; column(name: string): { readonly values: unknown } }
  | readonly { readonly text: string; readonly textPair?: string; readonly label: ExampleLabel }[];

/** {@link TrainOptions} with every value set, without the data. */
export type ResolvedTrainOptions = Required<
  Omit<TrainOptions, "train" | "validation" | Optional | "warmupRatio" | "metricForBestModel">
> &
  Pick<TrainOptions, Optional> & { readonly metricForBestModel: MetricName; readonly warmupRatio: number | undefined };

type Optional =
  | "maxSteps"
  | "loraplusLrRatio"
  | "layerwiseLrDecay"
  | "warmupSteps"
  | "classWeights"
  | "earlyStoppingPatience"
  | "outputDir"
  | "resumeFrom"
  | "frozenPrefixCache"
  | "frozenPrefixCacheDir"
  | "signal";
