import { packageVersion } from "../../../base/package-version";
import { MlflowClient, type MlflowLimits } from "../../../training/log/mlflow/mlflow-client";
import { MlflowRun, mlflowNotice } from "../../../training/log/mlflow/mlflow-run";
import { mlflowSettings } from "../../../training/log/mlflow/mlflow-settings";
import type { Settings } from "../space/search-space";
import type { SweepPlan } from "./plan-sweep";
import type { SweepEvent, SweepSummary } from "./sweep-event";

/** A sweep in MLflow: a run for the sweep, with a nested run for each trial and each run of the winner. */
export class SweepMlflow {
  readonly #plan: SweepPlan;
  readonly #client: MlflowClient;
  readonly #experimentId: string;
  readonly #parent: MlflowRun;
  readonly #trials = new Map<number, MlflowRun>();
  #notice: string | undefined;
  #best = 0;
  #reported = false;

  private constructor(plan: SweepPlan, of: { client: MlflowClient; experimentId: string; parent: MlflowRun }) {
    this.#plan = plan;
    this.#client = of.client;
    this.#experimentId = of.experimentId;
    this.#parent = of.parent;
  }

  /**
   * Begins the sweep's run.
   *
   * @returns the reason, as a sentence, if the server does not answer; the sweep goes on without it
   */
  static async begin(plan: SweepPlan, limits?: Partial<MlflowLimits>): Promise<SweepMlflow | string> {
    const settings = mlflowSettings();
    const client = new MlflowClient(settings, limits);
    try {
      const experimentId = await client.experimentId();
      const tags = { "mlflow.source.name": "tslora", "tslora.version": packageVersion(), "tslora.sweep": plan.name };
      const runName = settings.runName ?? plan.name;
      const parent = await MlflowRun.begin({ client, experimentId, runName, tags });
      const { metric, direction, seeds, seed, sampler, pruner, method } = plan;
      await parent.params({ model: plan.model.id, method, metric, direction, seeds, seed, sampler, pruner });
      return new SweepMlflow(plan, { client, experimentId, parent });
    } catch (error) {
      return mlflowNotice(error);
    }
  }

  /** Logs an event. A trial that is taken from the journal of an earlier call is not logged again. */
  async write(event: SweepEvent): Promise<void> {
    switch (event.type) {
      case "trial":
        return this.#begin(event.number, event.settings);
      case "value":
        if (event.seed === this.#plan.seeds[0])
          this.#trials.get(event.number)?.metrics(event.step, { [this.#plan.metric]: event.value });
        return;
      case "complete":
        this.#trials.get(event.number)?.metrics(0, { value: event.value });
        if (event.best) this.#parent.metrics(this.#best++, { [`best_${this.#plan.metric}`]: event.value });
        return this.#end(event.number, "FINISHED");
      case "pruned":
        return this.#end(event.number, "KILLED");
      case "failed":
        return event.retries ? undefined : this.#end(event.number, "FAILED");
    }
  }

  /** Ends the sweep's run, with the winner's numbers and adapter. */
  async end(summary: SweepSummary | undefined, adapter: string | undefined): Promise<void> {
    for (const number of [...this.#trials.keys()]) await this.#end(number, "KILLED");
    const { winner } = summary ?? {};
    if (winner !== undefined) {
      const { metric, searchValue, validation, test, settings, number, selection } = winner;
      await this.#parent.params({ winner: number, ...prefixed(settings) });
      this.#parent.metrics(0, {
        [`search_${metric}`]: searchValue,
        [`winner_${metric}`]: validation.mean,
        ...(test === undefined ? {} : { [`winner_test_${metric}`]: test.mean }),
        selection_by_seeds: selection.bySeeds,
        ...(selection.byTexts === undefined ? {} : { selection_by_texts: selection.byTexts }),
      });
      if (adapter !== undefined) await this.#parent.upload(adapter, "adapter");
    }
    await this.#parent.finish(summary === undefined || summary.reason === "stopped" ? "KILLED" : "FINISHED");
    this.#note(this.#parent);
  }

  /** The server's first failure, once in a sweep. */
  takeNotice(): string | undefined {
    const notice = this.#notice;
    this.#notice = undefined;
    return notice;
  }

  async #begin(number: number, settings: Settings): Promise<void> {
    try {
      const run = await MlflowRun.begin({
        client: this.#client,
        experimentId: this.#experimentId,
        runName: `trial-${number}`,
        parent: this.#parent.id,
      });
      this.#trials.set(number, run);
      await run.params({ ...settings });
      this.#note(run);
    } catch (error) {
      this.#noteOnce(mlflowNotice(error));
    }
  }

  async #end(number: number, status: "FINISHED" | "FAILED" | "KILLED"): Promise<void> {
    const run = this.#trials.get(number);
    this.#trials.delete(number);
    await run?.finish(status);
    if (run !== undefined) this.#note(run);
  }

  #note(run: MlflowRun): void {
    const notice = run.takeNotice();
    if (notice !== undefined) this.#noteOnce(notice);
  }

  #noteOnce(notice: string): void {
    if (!this.#reported) this.#notice = notice;
    this.#reported = true;
  }
}

function prefixed(settings: Settings): Record<string, unknown> {
  return Object.fromEntries(Object.entries(settings).map(([name, value]) => [`winner.${name}`, value]));
}
