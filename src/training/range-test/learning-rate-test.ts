import type { WarningEvent } from "../train-event";

/** A step of a range test. */
export interface LearningRatePoint {
  /** Counted from 1. */
  readonly step: number;
  readonly learningRate: number;
  /** Mean loss of the step's batch, with dropout, before the step. */
  readonly loss: number;
  /** Exponential moving average of the losses, corrected for its start at 0. */
  readonly smoothedLoss: number;
}

/** The suggested learning rate, or the reason why there is none. */
export type LearningRateSuggestion =
  | { readonly kind: "found"; readonly step: number; readonly learningRate: number; readonly smoothedLoss: number }
  | { readonly kind: "none"; readonly reason: string };

/** The result of `findLearningRate`. */
export interface LearningRateTest {
  readonly type: "end";
  /** Number of steps taken; the points of the test. */
  readonly steps: number;
  /** One point for each step, with rising rates. All numbers are finite. */
  readonly points: readonly LearningRatePoint[];
  readonly suggestion: LearningRateSuggestion;
  /** The suggestion, or the reason why there is none, as a sentence. */
  readonly message: string;
  readonly elapsedSeconds: number;
  /** Whether a signal or an interrupt stopped the test. */
  readonly stopped: boolean;
  /** The reason why the test ended: the highest rate was reached, the loss diverged, or a stop was requested. */
  readonly reason: "finished" | "diverged" | "stopped";
}

/** Events of a range test. `trainingProgress` shows them. */
export type LearningRateEvent =
  | {
      readonly type: "start";
      /** Distinguishes the events from those of `train`. */
      readonly task: "learning-rate-test";
      readonly totalSteps: number;
      readonly stepsPerEpoch: number;
      readonly epochs: number;
      readonly trainExamples: number;
      readonly trainableParameters: number;
    }
  | WarningEvent
  | ({
      readonly type: "step";
      /** Passes over the examples after the step, as a fraction. */
      readonly epoch: number;
      /** Norm before clipping. */
      readonly gradNorm: number;
      readonly tokens: number;
      readonly tokensPerSecond: number;
      /** Resident memory of the process, in bytes. */
      readonly memory: number;
    } & LearningRatePoint)
  | LearningRateTest;
