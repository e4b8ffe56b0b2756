import { formatNumber, formatSeconds } from "../format";

/** The events of `runExperiment`, as far as they are shown. */
export type ExperimentEventLike =
  | { readonly type: "experiment"; readonly runs: number; readonly cached: number; readonly damaged: readonly string[] }
  | {
      readonly type: "run";
      readonly run: number;
      readonly runs: number;
      readonly title: string;
      readonly remainingSeconds?: number;
    }
  | {
      readonly type: "training";
      readonly event: { readonly type: string; readonly step?: number; readonly loss?: number };
    }
  | {
      readonly type: "result";
      readonly run: number;
      readonly runs: number;
      readonly title: string;
      readonly accuracy: number;
      readonly cached: boolean;
      readonly elapsedSeconds: number;
    }
  | {
      readonly type: "finished";
      readonly results: readonly unknown[];
      readonly cached: number;
      readonly elapsedSeconds: number;
      readonly computedSeconds: number;
    };

/** The share of the runs that are done, and its text. */
export interface ExperimentState {
  readonly share: number;
  readonly words: readonly string[];
}

/**
 * An event in words; undefined for events of a training.
 *
 * @param now - the time in milliseconds since 1970, for the expected end
 */
export function experimentWords(event: ExperimentEventLike, now: number): ExperimentState | undefined {
  switch (event.type) {
    case "experiment": {
      const { runs, cached, damaged } = event;
      const warning = damaged.map((path) => `Warning: ${path} is damaged; its run is computed again.`);
      return { share: 0, words: [`${count(runs)}, ${formatNumber(cached)} of them from the cache`, ...warning] };
    }
    case "run":
      return {
        share: (event.run - 1) / event.runs,
        words: [`run ${event.run} of ${event.runs}: ${event.title}`, ...left(event, now)],
      };
    case "result":
      return {
        share: event.run / event.runs,
        words: [`run ${event.run} of ${event.runs}: ${event.title} · accuracy ${formatNumber(event.accuracy, 3)}`],
      };
    case "finished": {
      const { results, cached, elapsedSeconds, computedSeconds } = event;
      return {
        share: 1,
        words: [
          `${count(results.length)} in ${formatSeconds(elapsedSeconds)}; ${formatNumber(cached)} came from the cache. All together took ${formatSeconds(computedSeconds)} to compute.`,
        ],
      };
    }
    case "training":
      return undefined;
  }
}

const count = (runs: number): string => `${formatNumber(runs)} ${runs === 1 ? "run" : "runs"}`;

function left({ remainingSeconds }: { readonly remainingSeconds?: number }, now: number): string[] {
  if (remainingSeconds === undefined) return [];
  const end = new Date(now + 1000 * remainingSeconds);
  const time = `${String(end.getHours()).padStart(2, "0")}:${String(end.getMinutes()).padStart(2, "0")}`;
  return [`${formatSeconds(remainingSeconds)} left, until about ${time}`];
}
