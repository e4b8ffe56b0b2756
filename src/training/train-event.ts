import type { MetricName } from "./train-options";

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
      /** Weights that were newly initialized when the model was loaded and are trained for the first time. */
      readonly newlyInitialized: readonly string[];
    }
  | ResumeEvent
  | {
      readonly type: "step";
      /** Counted from 1. */
      readonly step: number;
      /** Share of epochs done, after the step. */
      readonly epoch: number;
      /** Mean loss of the step's batch, dropout on. */
      readonly loss: number;
      readonly learningRate: number;
      /** Before clipping. */
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
      /** Mean loss on the validation examples: the one that is trained on, class weights and all. */
      readonly loss: number;
      readonly accuracy: number;
      /** All figures, under scikit-learn's names. */
      readonly metrics: { readonly [Name in MetricName]?: number };
      /** Which of them chooses the best evaluation; undefined in logs of older runs. */
      readonly metricForBestModel?: MetricName;
      /** Whether none before was better by it. */
      readonly best: boolean;
    }
  | { readonly type: "checkpoint"; readonly step: number; readonly path: string }
  | WarningEvent
  | {
      readonly type: "early-stopping";
      readonly step: number;
      readonly metric: MetricName;
      /** Evaluations in a row that did not improve the metric. */
      readonly evaluations: number;
      readonly message: string;
    }
  | TrainSummary;

/** A run resumes from a checkpoint. */
export interface ResumeEvent {
  readonly type: "resume";
  /** The last step that is done. */
  readonly step: number;
  readonly epoch: number;
  /** Steps of the whole run. */
  readonly totalSteps: number;
  /** The checkpoint's folder. */
  readonly path: string;
  /** The same as a sentence. */
  readonly message: string;
}

/** Something to know that does not end the run. */
export interface WarningEvent {
  readonly type: "warning";
  readonly kind:
    "newly-initialized" | "damaged-checkpoint" | "earlier-run" | "warm-up" | "early-stopping" | "one-class" | "logged";
  readonly step: number;
  readonly message: string;
}

/** A run's end. */
export interface TrainSummary {
  readonly type: "end";
  readonly steps: number;
  /**
   * The step of the best evaluation, whose weights the model now has unless `loadBestModelAtEnd` is false; undefined
   * when nothing was evaluated.
   */
  readonly bestStep?: number;
  readonly bestMetric?: number;
  readonly elapsedSeconds: number;
  /** Whether it was asked to stop before its last step was done: by a signal or an interrupt. */
  readonly stopped: boolean;
  /** Why it ended. */
  readonly reason: "finished" | "stopped" | "early-stopping";
}
