import { returnValueOf } from "../../base/return-value";
import { formatNumber } from "../format";
import { processOutput, type Output } from "../output";
import { searchHistoryFigure } from "../plots/search-history-figure";
import type { TrialLike } from "../plots/trial-like";
import { liveFigure } from "./live-figure";

/** The events of `sweep`, as far as they are shown. */
export type SweepEventLike =
  | {
      readonly type: "start";
      readonly metric: string;
      readonly direction: "maximize" | "minimize";
      readonly trials?: number;
    }
  | { readonly type: "trial"; readonly number: number; readonly settings: TrialLike["settings"] }
  | { readonly type: "value"; readonly number: number; readonly step: number; readonly value: number }
  | { readonly type: "complete"; readonly number: number; readonly value: number; readonly best: boolean }
  | { readonly type: "pruned" | "paused" | "continued"; readonly number: number }
  | { readonly type: "failed"; readonly number: number; readonly error: string; readonly retries: boolean }
  | { readonly type: "searched"; readonly trials: readonly TrialLike[] }
  | { readonly type: "notice"; readonly message: string }
  | { readonly type: "winner"; readonly number: number; readonly seeds: readonly number[] }
  | { readonly type: "winner-run"; readonly seed: number; readonly value: number }
  | { readonly type: "finished" };

/** Options of {@link sweepProgress}. */
export interface SweepProgressOptions {
  /** Minimum number of seconds between two drawings. @default 2 */
  readonly everySeconds?: number;
  /** The place for the output. @default as `show` */
  readonly output?: Output;
}

/** Shows the progress of a sweep; see {@link sweepProgress}. */
export interface SweepProgress {
  /** Takes the next event of `sweep`. */
  show(event: SweepEventLike): void;
  /** Shows all events and returns the summary: `await progress.follow(sweep(…))`. */
  follow<Summary>(events: AsyncGenerator<SweepEventLike, Summary, void>): Promise<Summary>;
}

/**
 * Shows a sweep while it runs: in a notebook the history of its trials as a figure that grows, elsewhere a line for
 * each complete trial.
 */
export function sweepProgress(options: SweepProgressOptions = {}): SweepProgress {
  const output = options.output ?? processOutput();
  const figure = liveFigure({ ...options, output });
  const trials = new Map<number, TrialLike>();
  let about = { metric: "", direction: "maximize" as "maximize" | "minimize" };
  const change = (number: number, more: Partial<TrialLike>): void => {
    const known = trials.get(number) ?? { number, settings: {}, state: "running", intermediate: [] };
    trials.set(number, { ...known, ...more });
  };
  const progress: SweepProgress = {
    follow: (events) => returnValueOf(events, (event) => progress.show(event)),
    show(event) {
      if (event.type === "start") about = event;
      if (event.type === "trial") change(event.number, { settings: event.settings });
      if (event.type === "value") {
        const { intermediate = [] } = trials.get(event.number) ?? {};
        const last = intermediate.at(-1)?.step ?? -Infinity;
        // later seeds of a trial report the same steps again: the curve is that of the first
        if (event.step > last) change(event.number, { intermediate: [...intermediate, event] });
      }
      if (event.type === "complete") change(event.number, { state: "complete", value: event.value });
      if (event.type === "pruned") change(event.number, { state: "pruned" });
      if (event.type === "searched") event.trials.forEach((trial) => trials.set(trial.number, trial));
      const known = [...trials.values()].sort((a, b) => a.number - b.number);
      if (event.type === "finished" && known.length > 0) return figure.finish(searchHistoryFigure(known, about));
      if (known.length > 0) figure.update(() => searchHistoryFigure(known, about));
      const line = output.kind === "text" ? lineOf(event, about.metric) : undefined;
      if (line !== undefined && output.kind === "text") output.write(`${line}\n`);
    },
  };
  return progress;
}

function lineOf(event: SweepEventLike, metric: string): string | undefined {
  switch (event.type) {
    case "notice":
      return event.message;
    case "complete":
      return `trial ${event.number}: ${metric} ${formatNumber(event.value, 3)}${event.best ? ", the best so far" : ""}`;
    case "failed":
      return `trial ${event.number} failed: ${event.error}`;
    case "winner-run":
      return `seed ${event.seed} of the winner: ${metric} ${formatNumber(event.value, 3)}`;
    default:
      return undefined;
  }
}
