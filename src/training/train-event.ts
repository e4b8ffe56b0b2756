import type { MetricName } from "./options/train-options";

/** Events of a training run; `for await (const event of train(...))`. */
export type TrainEvent =
  | {
      readonly type: "start";
      readonly totalSteps: number;
      readonly stepsPerEpoch: number;
      readonly epochs: number;
      readonly trainExamples: number;
      readonly validationExamples: number;
      readonly trainableParameters: number;
      /** Weights that loading newly initialized and that this run trains for the first time. */
      readonly newlyInitialized: readonly string[];
    }
  | ResumeEvent
  | {
      /** The frozen layers below the first trained one are computed for the cache of `frozenPrefixCache`. */
      readonly type: "frozen-prefix";
      /** Number of texts that are in the cache. */
      readonly done: number;
      /** Number of different texts. */
      readonly total: number;
    }
  | {
      readonly type: "step";
      /** Counted from 1. */
      readonly step: number;
      /** Epochs done after the step, as a fraction. */
      readonly epoch: number;
      /** Mean loss of the step's batch, with dropout. */
      readonly loss: number;
      /** Learning rate of the step; with `layerwiseLrDecay` that of the head, with `loraplusLrRatio` that of A. */
      readonly learningRate: number;
      /** Lowest and highest learning rate of a weight, where the weights have different ones. */
      readonly learningRates?: { readonly lowest: number; readonly highest: number };
      /** Norm before clipping. */
      readonly gradNorm: number;
      readonly tokens: number;
      readonly tokensPerSecond: number;
      /** Resident memory of the process, in bytes. */
      readonly memory: number;
    }
  | {
      readonly type: "evaluation";
      readonly step: number;
      readonly epoch: number;
      /** Mean loss on the validation examples. It is the training loss, including class weights. */
      readonly loss: number;
      readonly accuracy: number;
      /** All metrics, under scikit-learn's names. */
      readonly metrics: { readonly [Name in MetricName]?: number };
      /** The metric that selects the best evaluation; undefined in logs of older runs. */
      readonly metricForBestModel?: MetricName;
      /** Whether this is the best evaluation so far by that metric, then by loss; of equals the earlier one is. */
      readonly best: boolean;
    }
  | { readonly type: "checkpoint"; readonly step: number; readonly path: string }
  | WarningEvent
  | {
      readonly type: "early-stopping";
      readonly step: number;
      readonly metric: MetricName;
      /** Consecutive evaluations that did not improve the metric. */
      readonly evaluations: number;
      readonly message: string;
    }
  | TrainSummary;

/** A run resumes from a checkpoint. */
export interface ResumeEvent {
  readonly type: "resume";
  /** The last completed step. */
  readonly step: number;
  readonly epoch: number;
  /** Number of steps of the whole run. */
  readonly totalSteps: number;
  /** Folder of the checkpoint. */
  readonly path: string;
  /** The event as a sentence. */
  readonly message: string;
}

/** A message that does not end the run. */
export interface WarningEvent {
  readonly type: "warning";
  readonly kind:
    | "newly-initialized"
    | "precision"
    | "damaged-checkpoint"
    | "earlier-run"
    | "warm-up"
    | "early-stopping"
    | "one-class"
    | "frozen-prefix"
    | "mlflow"
    | "logged";
  readonly step: number;
  readonly message: string;
}

/** The end of a run. */
export interface TrainSummary {
  readonly type: "end";
  readonly steps: number;
  /**
   * The step of the best evaluation; undefined if nothing was evaluated. The model now has the weights of that step,
   * unless `loadBestModelAtEnd` is false.
   */
  readonly bestStep?: number;
  readonly bestMetric?: number;
  readonly elapsedSeconds: number;
  /** Whether a signal or an interrupt stopped the run before its last step. */
  readonly stopped: boolean;
  /** The reason why the run ended. */
  readonly reason: "finished" | "stopped" | "early-stopping";
}
