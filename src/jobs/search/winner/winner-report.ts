import { median } from "../../../base/median";
import type { Interval } from "../../../evaluation/intervals/interval";
import { bootstrapInterval } from "../../../evaluation/intervals/bootstrap-interval";
import { meanInterval, sampleDeviation } from "../../../evaluation/intervals/mean-interval";
import { mean } from "../../../evaluation/metrics/mean";
import type { MetricName } from "../../../training/options/train-options";
import type { RecordedTrial } from "../journal/sweep-journal";
import type { Settings } from "../space/search-space";
import type { ScoredTexts } from "../trial/train-trial-job";
import { expectedMaximum } from "./expected-maximum";
import { scoreTexts, type ScoreOptions } from "./score-texts";
import { selectionBias } from "./selection-bias";

/** A value with its interval. */
export interface Estimate {
  readonly mean: number;
  /** The value of each seed. */
  readonly values: readonly number[];
  /** Undefined if there is only one seed, and no interval over texts. */
  readonly interval: Interval | undefined;
}

/** The winner of a sweep, trained again with new seeds. */
export interface WinnerReport {
  readonly number: number;
  readonly settings: Settings;
  readonly metric: string;
  readonly direction: "maximize" | "minimize";
  /** Its value in the search: the best of all trials, so too good. */
  readonly searchValue: number;
  /** The new seeds. */
  readonly seeds: readonly number[];
  /** On the validation texts, with the new seeds; the interval is Student's t over seeds. */
  readonly validation: Estimate;
  /** On the test texts, which no choice has seen; the interval is a bootstrap over texts, of the mean over seeds. */
  readonly test: Estimate | undefined;
  readonly selection: SelectionEstimate;
}

/** The part of the winner's lead that is selection. Numbers above 0 mean that the search's value is too good. */
export interface SelectionEstimate {
  /** Number of complete trials. */
  readonly trials: number;
  /** The search's value minus the median of all complete trials. */
  readonly lead: number;
  /** The part of the lead that is lost with new seeds: the search's value minus the mean of the new seeds. */
  readonly bySeeds: number;
  /** `bySeeds` as a share of the lead, from 0 to 1; undefined without a lead. */
  readonly share: number | undefined;
  /**
   * The lead that the luck of seeds alone would give the best of so many equal trials: the expected maximum of as many
   * normal values, with the deviation between the new seeds. Real trials differ, so it is an upper bound.
   */
  readonly expectedBySeeds: number | undefined;
  /** The part that the choice by these validation texts adds, see `selectionBias`; it remains with new seeds. */
  readonly byTexts: number | undefined;
}

/** Input of {@link winnerReport}. */
export interface WinnerInputs extends ScoreOptions {
  readonly best: RecordedTrial;
  readonly trials: readonly RecordedTrial[];
  readonly direction: "maximize" | "minimize";
  /** The search's seeds for each trial. */
  readonly searchSeeds: number;
  readonly seeds: readonly number[];
  /** The winner's values with the new seeds. */
  readonly values: readonly number[];
  /** The winner's test texts with the new seeds. */
  readonly test: readonly ScoredTexts[];
  /** The validation texts of all complete trials, a list for each of their seeds. */
  readonly validation: readonly (readonly ScoredTexts[])[];
  /** Seed of the bootstraps. */
  readonly seed: number;
}

/** Reports a sweep's winner from its runs with new seeds. */
export function winnerReport(inputs: WinnerInputs): WinnerReport {
  const { best, direction, metric, seeds, values, seed } = inputs;
  const searchValue = best.value ?? NaN;
  const interval = meanInterval(values);
  const validation = { mean: mean(values), values, interval: interval && within(interval, metric) };
  return {
    number: best.number,
    settings: best.settings,
    metric,
    direction,
    searchValue,
    seeds,
    validation,
    test: inputs.test.length === 0 ? undefined : testEstimate(inputs.test, { ...inputs, seed }),
    selection: selectionEstimate({ ...inputs, searchValue, mean: validation.mean }),
  };
}

function testEstimate(runs: readonly ScoredTexts[], options: ScoreOptions & { seed: number }): Estimate {
  const values = runs.map((texts) => scoreTexts(texts, options));
  const interval = bootstrapInterval((rows) => mean(runs.map((texts) => scoreTexts(texts, options, rows))), {
    n: runs[0].labels.length,
    seed: options.seed,
    resamples: 500,
  });
  return { mean: mean(values), values, interval };
}

function selectionEstimate(
  inputs: WinnerInputs & { readonly searchValue: number; readonly mean: number },
): SelectionEstimate {
  const { trials, direction, searchValue, mean, values, searchSeeds } = inputs;
  const sign = direction === "maximize" ? 1 : -1;
  const complete = trials.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const lead = sign * (searchValue - median(complete));
  const bySeeds = sign * (searchValue - mean);
  const noise = sampleDeviation(values) / Math.sqrt(searchSeeds);
  return {
    trials: complete.length,
    lead,
    bySeeds,
    share: lead > 0 ? Math.min(Math.max(bySeeds / lead, 0), 1) : undefined,
    expectedBySeeds: Number.isNaN(noise) || complete.length < 2 ? undefined : noise * expectedMaximum(complete.length),
    byTexts: selectionBias(inputs.validation, inputs),
  };
}

/** An interval without the values that a metric cannot have. */
function within(interval: Interval, metric: MetricName): Interval {
  const [low, high] = metric === "loss" ? [0, Infinity] : metric === "matthews_correlation" ? [-1, 1] : [0, 1];
  return { ...interval, low: Math.max(interval.low, low), high: Math.min(interval.high, high) };
}
