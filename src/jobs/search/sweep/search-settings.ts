import type { JobOutcome } from "../../drivers/job-driver";
import { SweepJournal, type RecordedTrial } from "../journal/sweep-journal";
import { makeSampler } from "../samplers/make-sampler";
import type { Sampler } from "../samplers/sampler";
import { readReportedValues } from "../trial/reported-values";
import { EventQueue } from "../../event-queue";
import type { SearchOptions } from "./search-options";
import { SearchState, type SearchTrial } from "./search-state";
import type { SearchEvent, SearchSummary } from "./sweep-event";
import { evaluationsOf, metricOf } from "./trial-result";

/** The default of `limits.trials`. */
export const DEFAULT_TRIALS = 40;

/**
 * Searches settings: proposes trials, runs their jobs with the driver, prunes, and writes everything into Optuna's
 * journal as it happens. It is an async generator of events.
 *
 * With one worker, the same seed gives the same trials, also if the search was stopped or killed and resumed. With
 * several workers, a proposal depends on which trials have ended by then.
 *
 * @throws TsloraError if the journal cannot be used, or the driver's engine fails.
 */
export async function* searchSettings(options: SearchOptions): AsyncGenerator<SearchEvent, SearchSummary, void> {
  const journal = await SweepJournal.open(options.journal, options);
  const search = new Search(journal, options);
  try {
    return yield* search.events();
  } finally {
    await search.close();
  }
}

/** Items that callbacks of the driver add to the queue. */
type Report =
  | {
      readonly kind: "evaluation";
      readonly trial: SearchTrial;
      readonly seed: number;
      readonly step: number;
      readonly value: number;
    }
  | { readonly kind: "attempt"; readonly trial: SearchTrial; readonly error: string }
  | { readonly kind: "end"; readonly trial: SearchTrial; readonly outcome: JobOutcome }
  | { readonly kind: "broken"; readonly error: unknown };

/** One call of {@link searchSettings}. */
class Search {
  readonly #options: SearchOptions;
  readonly #journal: SweepJournal;
  readonly #state: SearchState;
  readonly #sampler: Sampler;
  readonly #queue = new EventQueue<Report>();
  readonly #running = new Map<number, { readonly stop: AbortController; readonly end: Promise<void> }>();
  readonly #resumed: SearchTrial[];
  /** The last step whose value was reported, by trial and seed, of seeds other than the first. */
  readonly #reported = new Map<string, number>();
  readonly #started = performance.now();
  #reason: SearchSummary["reason"] = "trials";

  constructor(journal: SweepJournal, options: SearchOptions) {
    this.#options = options;
    this.#journal = journal;
    this.#state = new SearchState(journal, options);
    const own = journal.trials().filter(({ sampler }) => sampler !== undefined); // other programs may add trials
    const open = new Set(own.filter(({ state }) => state === "running").map(({ number }) => number));
    this.#resumed = this.#state.trials.filter(({ number }) => open.has(number));
    this.#sampler = makeSampler(options.space, { ...options, state: own.at(-1)?.sampler });
  }

  async *events(): AsyncGenerator<SearchEvent, SearchSummary, void> {
    const { name, metric, direction, workers } = this.#options;
    const resumed = this.#state.trials.length;
    const trials = this.#mostTrials === Infinity ? undefined : this.#mostTrials;
    yield { type: "start", name, journal: this.#journal.path, metric, direction, trials, resumed, workers };
    for (;;) {
      yield* this.#fill();
      if (this.#running.size === 0) break;
      await this.#queue.wait();
      for (let report = this.#queue.take(); report !== undefined; report = this.#queue.take())
        yield* this.#handle(report);
    }
    return yield* this.#end();
  }

  /** Stops the jobs that still run, and waits for them. */
  async close(): Promise<void> {
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all([...this.#running.values()].map(({ end }) => end));
  }

  get #mostTrials(): number {
    const { limits, sampler } = this.#options;
    return limits.trials ?? (sampler.name === "grid" ? Infinity : DEFAULT_TRIALS);
  }

  get #isStopped(): boolean {
    return this.#options.signal?.aborted === true || this.#reason === "stopped";
  }

  /** Whether all trials have begun, and none has to be continued. */
  get #isComplete(): boolean {
    const { trials } = this.#state;
    const isFull = trials.length >= this.#mostTrials;
    return isFull && this.#resumed.length === 0 && !trials.some(({ state }) => state === "paused");
  }

  /** Begins or continues trials until all workers are busy. */
  async *#fill(): AsyncGenerator<SearchEvent, void, void> {
    while (this.#running.size < this.#options.workers && !this.#isStopped) {
      const { seconds = Infinity } = this.#options.limits;
      if (!this.#isComplete && (performance.now() - this.#started) / 1000 >= seconds) {
        this.#reason = "time";
        return;
      }
      const next = await this.#next();
      if (next === undefined) return;
      const { trial, how } = next;
      const { number, settings } = trial;
      if (how === "continued") yield { type: "continued", number, rung: trial.rungs.length - 1 };
      else yield { type: "trial", number, settings, resumed: how === "resumed" };
      if (this.#isStopped) return; // meanwhile; the trial is resumed by a later call
      this.#run(trial);
    }
  }

  /**
   * The next trial to run: an interrupted one, a promoted one, a new one, or the best paused one if none was finished.
   */
  async #next(): Promise<{ trial: SearchTrial; how: "resumed" | "continued" | "new" } | undefined> {
    const resumed = this.#resumed.shift();
    if (resumed !== undefined) return { trial: resumed, how: "resumed" };
    const isFull = this.#state.trials.length >= this.#mostTrials;
    const busy = (number: number): boolean => this.#running.has(number);
    const promoted = this.#state.promotable({ last: false, busy });
    const settings = promoted !== undefined || isFull ? undefined : this.#sampler.propose(this.#state.trials);
    if (settings !== undefined) return { trial: await this.#state.add(settings, this.#sampler.state), how: "new" };
    if (promoted === undefined && !isFull) this.#reason = "grid";
    const trial = promoted ?? this.#state.promotable({ last: true, busy });
    if (trial === undefined) return undefined;
    await this.#state.continueTrial(trial);
    return { trial, how: "continued" };
  }

  /** Runs the job of a trial's next seed. */
  #run(trial: SearchTrial): void {
    const { driver, document, seeds, metric, signal } = this.#options;
    const seed = seeds[trial.seedValues.length];
    const stop = new AbortController();
    const stopped = AbortSignal.any([stop.signal, ...(signal === undefined ? [] : [signal])]);
    const { number, settings } = trial;
    let last = -Infinity; // each report holds the earlier evaluations too
    const end = driver
      .run(document({ number, settings, seed }), {
        signal: stopped,
        onEvent: (event) => {
          if (event.type === "failed" && event.retries)
            this.#queue.push({ kind: "attempt", trial, error: event.error });
          if (event.type !== "progress") return;
          for (const { step, value } of readReportedValues(metric, event.progress.values)) {
            if (step <= last) continue;
            last = step;
            this.#queue.push({ kind: "evaluation", trial, seed, step, value });
          }
        },
      })
      .then(
        (outcome) => this.#queue.push({ kind: "end", trial, outcome }),
        (error: unknown) => this.#queue.push({ kind: "broken", error }),
      );
    this.#running.set(number, { stop, end });
  }

  async *#handle(report: Report): AsyncGenerator<SearchEvent, void, void> {
    switch (report.kind) {
      case "broken":
        throw report.error;
      case "attempt":
        yield { type: "failed", number: report.trial.number, error: report.error, retries: true };
        return;
      case "evaluation":
        if (yield* this.#recordEvaluation(report)) this.#running.get(report.trial.number)?.stop.abort();
        return;
      case "end":
        this.#running.delete(report.trial.number);
        yield* this.#jobEnd(report.trial, report.outcome);
    }
  }

  /** Records the metric at an evaluation, once. Returns whether the trial pauses or ends by it. */
  async *#recordEvaluation(
    report: Extract<Report, { kind: "evaluation" }>,
  ): AsyncGenerator<SearchEvent, boolean, void> {
    const { trial, seed, step, value } = report;
    const { number } = trial;
    if (trial.state !== "running" || !Number.isFinite(value)) return false;
    if (seed !== this.#options.seeds[0]) {
      const key = `${number} ${seed}`;
      if (step <= (this.#reported.get(key) ?? -Infinity)) return false;
      this.#reported.set(key, step);
      yield { type: "value", number, seed, step, value };
      return false;
    }
    const before = trial.intermediate.length;
    const then = await this.#state.addValue(trial, { step, value });
    if (trial.intermediate.length > before) yield { type: "value", number, seed, step, value };
    if (then === "pauses") yield { type: "paused", number, rung: trial.rungs.length - 1, value };
    if (then === "ends") {
      await this.#state.prune(trial);
      yield { type: "pruned", number, value };
    }
    return then !== "goes on";
  }

  async *#jobEnd(trial: SearchTrial, outcome: JobOutcome): AsyncGenerator<SearchEvent, void, void> {
    const { number } = trial;
    if (trial.state !== "running") return; // paused or pruned; its checkpoint is kept
    if (outcome.type === "stopped") {
      this.#reason = "stopped";
      return;
    }
    if (outcome.type === "failed") {
      await this.#state.fail(trial, outcome.error);
      yield { type: "failed", number, error: outcome.error, retries: false };
      return;
    }
    const { seeds, metric } = this.#options;
    const seed = seeds[trial.seedValues.length];
    // A job that ended before it could be stopped, or was found in the store, has reported no values here.
    for (const { step, value } of evaluationsOf(outcome.manifest))
      if (yield* this.#recordEvaluation({ kind: "evaluation", trial, seed, step, value })) return;
    const value = metricOf(outcome.manifest, metric);
    if (value === undefined) {
      const error = `The job ${outcome.job} reported no ${metric}.`;
      await this.#state.fail(trial, error);
      yield { type: "failed", number, error, retries: false };
      return;
    }
    if (this.#state.addSeedValue(trial, value) === "more seeds") {
      if (!this.#isStopped) this.#run(trial);
      return;
    }
    const mean = await this.#state.complete(trial);
    const best = this.#state.best === trial;
    yield { type: "complete", number, value: mean, seedValues: trial.seedValues, best };
  }

  async *#end(): AsyncGenerator<SearchEvent, SearchSummary, void> {
    if (this.#isStopped) this.#reason = "stopped";
    else
      for (const trial of this.#state.trials.filter(({ state }) => state === "paused")) {
        await this.#state.prune(trial);
        yield { type: "pruned", number: trial.number, value: trial.intermediate.at(-1)?.value };
      }
    const trials: RecordedTrial[] = this.#journal.trials();
    const summary: SearchSummary = {
      type: "searched",
      trials,
      best: trials.find(({ number }) => number === this.#state.best?.number),
      reason: this.#reason,
      elapsedSeconds: (performance.now() - this.#started) / 1000,
    };
    yield summary;
    return summary;
  }
}
