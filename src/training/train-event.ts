/** What a training run tells while it goes on; `for await (const event of train(...))`. */
export type TrainEvent =
  | { readonly type: "start"; readonly totalSteps: number; readonly stepsPerEpoch: number; readonly epochs: number; readonly trainExamples: number; readonly validationExamples: number; readonly trainableParameters: number }
  | {
      readonly type: "step";
      /** Counted from 1. */
      readonly step: number;
      /** Share of epochs done, after the step. */
      readonly epoch: number;
      /** Mean cross entropy of the step's batch, dropout on. */
      readonly loss: number;
      readonly learningRate: number;
      /** Before clipping. */
      readonly gradNorm: number;
      readonly tokens: number;
      readonly tokensPerSecond: number;
    }
  | { readonly type: "evaluation"; readonly step: number; readonly epoch: number; readonly loss: number; readonly accuracy: number; readonly best: boolean }
  | { readonly type: "checkpoint"; readonly step: number; readonly path: string }
  | TrainSummary;

/** A run's end. */
export interface TrainSummary {
  readonly type: "end";
  readonly steps: number;
  /** The step whose weights the model now has; undefined when nothing was evaluated. */
  readonly bestStep?: number;
  readonly bestMetric?: number;
  readonly elapsedSeconds: number;
  /** Whether it was stopped before its last step. */
  readonly stopped: boolean;
}
