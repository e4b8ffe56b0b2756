import type { TrainEvent } from "../training/train-event";
import type { RunResult } from "./run-result";

/** Events of an experiment; `for await (const event of runExperiment(...))`. */
export type ExperimentEvent =
  | {
      readonly type: "experiment";
      /** Number of runs. */
      readonly runs: number;
      /** Runs that the cache holds. */
      readonly cached: number;
      readonly cacheDir: string;
      /** Files of the cache that are damaged; their runs are computed again. */
      readonly damaged: readonly string[];
    }
  | {
      readonly type: "run";
      /** The run's number, counted from 1. */
      readonly run: number;
      readonly runs: number;
      /** The run in a few words. */
      readonly title: string;
      /** Estimated time of this run and all that follow; undefined before one has ended. */
      readonly remainingSeconds?: number;
    }
  | { readonly type: "training"; readonly event: TrainEvent }
  | {
      readonly type: "result";
      readonly run: number;
      readonly runs: number;
      readonly title: string;
      readonly accuracy: number;
      /** Whether the cache held it. */
      readonly cached: boolean;
      readonly elapsedSeconds: number;
    }
  | ExperimentSummary;

/** The end of an experiment. */
export interface ExperimentSummary {
  readonly type: "finished";
  /** One for each run, in the order of the plan. */
  readonly results: readonly RunResult[];
  /** Runs that were taken from the cache. */
  readonly cached: number;
  /** Time of this call. */
  readonly elapsedSeconds: number;
  /** Time that all runs took when they were computed. */
  readonly computedSeconds: number;
}
