import type { Settings } from "../space/search-space";
import type { RecordedTrial } from "../journal/sweep-journal";
import type { WinnerReport } from "../winner/winner-report";

/** Events of a search for settings. */
export type SearchEvent =
  | {
      readonly type: "start";
      readonly name: string;
      /** Path of Optuna's journal. */
      readonly journal: string;
      readonly metric: string;
      readonly direction: "maximize" | "minimize";
      /** Most trials; undefined if only time limits the search. */
      readonly trials: number | undefined;
      /** Trials of earlier calls that this one resumes from. */
      readonly resumed: number;
      readonly workers: number;
    }
  | { readonly type: "trial"; readonly number: number; readonly settings: Settings; readonly resumed: boolean }
  | {
      /** An evaluation of a trial. */
      readonly type: "value";
      readonly number: number;
      readonly seed: number;
      readonly step: number;
      readonly value: number;
    }
  | {
      /** A trial waits at a rung, with its checkpoint. */
      readonly type: "paused";
      readonly number: number;
      readonly rung: number;
      readonly value: number;
    }
  | { readonly type: "continued"; readonly number: number; readonly rung: number }
  | { readonly type: "pruned"; readonly number: number; readonly value: number | undefined }
  | {
      readonly type: "complete";
      readonly number: number;
      /** The mean over the seeds. */
      readonly value: number;
      readonly seedValues: readonly number[];
      /** Whether this is the best complete trial so far; of equals the earlier one is. */
      readonly best: boolean;
    }
  | {
      /** A trial's job failed; it is tried again, or the trial fails and the others continue. */
      readonly type: "failed";
      readonly number: number;
      readonly error: string;
      readonly retries: boolean;
    }
  | SearchSummary;

/** The end of a search. */
export interface SearchSummary {
  readonly type: "searched";
  readonly trials: readonly RecordedTrial[];
  /** The best complete trial. */
  readonly best: RecordedTrial | undefined;
  /** Why no further trial begins. */
  readonly reason: "trials" | "time" | "grid" | "stopped";
  readonly elapsedSeconds: number;
}

/** Events of a sweep: those of its search, then of its winner's runs with new seeds. */
export type SweepEvent =
  | SearchEvent
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "winner"; readonly number: number; readonly seeds: readonly number[] }
  | { readonly type: "winner-run"; readonly seed: number; readonly value: number }
  | SweepSummary;

/** The end of a sweep. */
export interface SweepSummary {
  readonly type: "finished";
  readonly trials: readonly RecordedTrial[];
  readonly best: RecordedTrial | undefined;
  /** Undefined if no trial was complete, or the sweep was stopped before. */
  readonly winner: WinnerReport | undefined;
  readonly reason: SearchSummary["reason"];
  /** The sweep's name, and the folder of its journal, report and weights. */
  readonly name: string;
  readonly outputDir: string;
  readonly journal: string;
  readonly elapsedSeconds: number;
}
