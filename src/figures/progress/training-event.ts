/**
 * The fields of training events that figures need; the events of `train`, the lines of its log, and the events of
 * `findLearningRate` have them.
 */
export type TrainingEventLike =
  | StartLike
  | ResumeLike
  | PrefixLike
  | StepLike
  | EvaluationLike
  | CheckpointLike
  | WarningLike
  | EarlyStoppingLike
  | EndLike;

/** Training begins. */
export interface StartLike {
  readonly type: "start";
  /** The work that begins. @default a training */
  readonly task?: "learning-rate-test";
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly trainExamples: number;
}

/** Training resumes from a checkpoint: `step` steps are done. */
export interface ResumeLike {
  readonly type: "resume";
  readonly step: number;
  readonly message?: string;
}

/** Frozen layers are computed once for all texts; `done` of `total` texts are done. */
export interface PrefixLike {
  readonly type: "frozen-prefix";
  readonly done: number;
  readonly total: number;
}

/** One optimizer step is done. `loss` is the batch's mean, before the step. */
export interface StepLike {
  readonly type: "step";
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  /** The moving average of the loss, in a learning-rate test. */
  readonly smoothedLoss?: number;
  readonly learningRate: number;
  readonly tokensPerSecond: number;
}

/**
 * The validation set was evaluated; `best` if this evaluation is the best so far by `metricForBestModel`, which is
 * accuracy by default; of equals the earlier one is.
 */
export interface EvaluationLike {
  readonly type: "evaluation";
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly metrics?: Readonly<Record<string, number | undefined>>;
  readonly metricForBestModel?: string;
  readonly best: boolean;
}

/** A checkpoint was written. */
export interface CheckpointLike {
  readonly type: "checkpoint";
  readonly step: number;
  readonly path: string;
}

/** A warning that does not end training. */
export interface WarningLike {
  readonly type: "warning";
  readonly message: string;
}

/** Training ends before its last step because it no longer improves. */
export interface EarlyStoppingLike {
  readonly type: "early-stopping";
  readonly message: string;
}

/** Training is over; `stopped` if it was stopped early on request. */
export interface EndLike {
  readonly type: "end";
  readonly steps: number;
  readonly bestStep?: number;
  readonly bestMetric?: number;
  readonly elapsedSeconds: number;
  readonly stopped: boolean;
  readonly reason?: "finished" | "stopped" | "early-stopping" | "diverged";
  /** The result of a learning-rate test. */
  readonly suggestion?: SuggestionLike;
  /** The result as a sentence. */
  readonly message?: string;
}

/** The suggested rate of a learning-rate test, or none. */
export type SuggestionLike =
  { readonly kind: "found"; readonly learningRate: number; readonly smoothedLoss: number } | { readonly kind: "none" };
