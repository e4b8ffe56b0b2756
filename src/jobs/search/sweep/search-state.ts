import type { SweepJournal, RecordedTrial } from "../journal/sweep-journal";
import { SuccessiveHalving } from "../pruner/successive-halving";
import type { ObservedTrial } from "../samplers/sampler";
import type { Settings } from "../space/search-space";
import type { SearchOptions } from "./search-options";

/** A trial of a search in progress. */
export interface SearchTrial {
  readonly number: number;
  readonly settings: Settings;
  state: ObservedTrial["state"];
  value: number | undefined;
  readonly intermediate: { readonly step: number; readonly value: number }[];
  readonly rungs: number[];
  /** Values of the seeds that are finished, in order: the next seed is the one at their number. */
  seedValues: readonly number[];
  error: string | undefined;
}

/** All trials of a search: the memory of what its journal holds. */
export class SearchState {
  readonly trials: SearchTrial[];
  readonly pruner: SuccessiveHalving | undefined;
  readonly #journal: SweepJournal;
  readonly #options: SearchOptions;

  constructor(journal: SweepJournal, options: SearchOptions) {
    const { pruner, direction } = options;
    this.#journal = journal;
    this.#options = options;
    this.pruner = pruner.name === "asha" ? new SuccessiveHalving(pruner, { direction }) : undefined;
    this.trials = journal.trials().map(resumedTrial);
  }

  /** Adds a trial. */
  async add(settings: Settings, sampler: { random: number; model: number }): Promise<SearchTrial> {
    const number = await this.#journal.addTrial(settings, { sampler, seeds: this.#options.seeds });
    const trial = resumedTrial({
      number,
      settings,
      state: "running",
      intermediate: [],
      rungs: [],
      sampler,
      seedValues: [],
    });
    this.trials.push(trial);
    return trial;
  }

  /**
   * Records a value of a trial's first seed, and decides at a rung. A repeated value, which a resumed job reports
   * again, changes nothing.
   */
  async addValue(trial: SearchTrial, at: { step: number; value: number }): Promise<"goes on" | "pauses" | "ends"> {
    const last = trial.intermediate.at(-1);
    if (trial.state !== "running" || (last !== undefined && at.step <= last.step)) return "goes on";
    trial.intermediate.push(at);
    const { pruner } = this;
    if (pruner === undefined || trial.intermediate.length !== pruner.resource(trial.rungs.length)) {
      await this.#journal.addValue(trial.number, at);
      return "goes on";
    }
    const rung = trial.rungs.push(at.value) - 1;
    const goesOn = pruner.goesOn(
      at.value,
      this.trials.flatMap(({ rungs }) => rungs.slice(rung, rung + 1)),
    );
    if (!goesOn) trial.state = pruner.continues ? "paused" : "pruned";
    await this.#journal.addValue(trial.number, at, { rung, paused: trial.state === "paused" });
    if (goesOn) return "goes on";
    return pruner.continues ? "pauses" : "ends";
  }

  /**
   * The paused trial that continues next.
   *
   * @param options.last - no further trial begins, and one has to be finished
   * @param options.busy - whether a trial's job has not ended yet
   */
  promotable({ last, busy }: { last: boolean; busy: (number: number) => boolean }): SearchTrial | undefined {
    const { pruner } = this;
    if (pruner?.continues !== true) return undefined;
    const open = this.trials.filter(({ state }) => state !== "failed");
    const rungs = open.map(({ number, rungs: of, state }) => ({
      number,
      rungs: of,
      paused: state === "paused" && !busy(number),
    }));
    const isOpen = ({ number, state }: SearchTrial): boolean => state === "running" && busy(number); // not another program's
    const none = last && !this.trials.some((trial) => trial.state === "complete" || isOpen(trial));
    const number = pruner.promotable(rungs) ?? (none ? pruner.bestPaused(rungs) : undefined);
    return this.trials.find((trial) => trial.number === number);
  }

  async continueTrial(trial: SearchTrial): Promise<void> {
    trial.state = "running";
    await this.#journal.continueTrial(trial.number);
  }

  /**
   * Adds the metric of a trial's next seed. The journal gets the values of all seeds together, when the trial is
   * complete; a resumed search runs the earlier seeds again and finds their jobs done.
   */
  addSeedValue(trial: SearchTrial, value: number): "more seeds" | "all seeds" {
    trial.seedValues = [...trial.seedValues, value];
    return trial.seedValues.length < this.#options.seeds.length ? "more seeds" : "all seeds";
  }

  /** Completes a trial by the mean over its seeds, which it returns. */
  async complete(trial: SearchTrial): Promise<number> {
    const { seedValues } = trial;
    const value = seedValues.reduce((a, b) => a + b, 0) / seedValues.length;
    Object.assign(trial, { state: "complete", value } satisfies Partial<SearchTrial>);
    await this.#journal.endTrial(trial.number, { state: "complete", value, seedValues });
    return value;
  }

  async prune(trial: SearchTrial): Promise<void> {
    trial.state = "pruned";
    await this.#journal.endTrial(trial.number, { state: "pruned" });
  }

  async fail(trial: SearchTrial, error: string): Promise<void> {
    Object.assign(trial, { state: "failed", error } satisfies Partial<SearchTrial>);
    await this.#journal.endTrial(trial.number, { state: "failed", error });
  }

  /** The best complete trial; the earlier one of equals. */
  get best(): SearchTrial | undefined {
    const sign = this.#options.direction === "maximize" ? 1 : -1;
    return this.trials
      .filter(({ state }) => state === "complete")
      .reduce<SearchTrial | undefined>(
        (best, trial) =>
          best === undefined || sign * (trial.value ?? NaN) > sign * (best.value ?? NaN) ? trial : best,
        undefined,
      );
  }
}

function resumedTrial(trial: RecordedTrial): SearchTrial {
  const { number, settings, state, value, intermediate, rungs, seedValues, error } = trial;
  return { number, settings, state, value, intermediate: [...intermediate], rungs: [...rungs], seedValues, error };
}
