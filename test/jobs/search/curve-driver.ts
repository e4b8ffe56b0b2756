import { setImmediate as nextTurn } from "node:timers/promises";

import type { JobDocument } from "../../../src/jobs/contract/job-document";
import type { JobManifest } from "../../../src/jobs/contract/job-manifest";
import type { JobDriver, JobOutcome, RunJobOptions } from "../../../src/jobs/drivers/job-driver";
import { reportedValues } from "../../../src/jobs/search/trial/reported-values";
import type { Settings } from "../../../src/jobs/search/space/search-space";

/** A learning curve: the value after each evaluation, or an error. */
export type Curve = (settings: Settings, seed: number) => readonly number[];

/** Evaluations that jobs have computed, across drivers, as checkpoints are. */
export type Checkpoints = Map<string, number>;

/** Lets a job wait until the search has received its evaluation, as a slower job would. */
export class Pace {
  readonly #received = new Set<string>();
  #wake: (() => void)[] = [];

  /** Notes an evaluation that the search has received. */
  receive(job: string, step: number): void {
    this.#received.add(`${job} ${step}`);
    for (const wake of this.#wake.splice(0)) wake();
  }

  async wait(job: string, step: number, signal: AbortSignal | undefined): Promise<void> {
    while (!this.#received.has(`${job} ${step}`) && signal?.aborted !== true)
      await new Promise<void>((wake) => {
        this.#wake.push(wake);
        signal?.addEventListener("abort", () => wake(), { once: true });
      });
    await nextTurn(); // the search acts on it
  }
}

/**
 * A driver in this process whose jobs follow a curve instead of training. As real jobs do, they stop between
 * evaluations, continue from there, and report earlier evaluations again.
 */
export class CurveDriver implements JobDriver {
  readonly name = "local";
  readonly capacity: number;
  /** Jobs and evaluations in the order in which they were computed. */
  readonly computed: string[] = [];
  readonly #curve: Curve;
  readonly #checkpoints: Checkpoints;
  readonly #onEvaluation: (count: number) => void;
  readonly #pace: Pace | undefined;

  constructor(
    curve: Curve,
    {
      capacity = 1,
      checkpoints = new Map(),
      onEvaluation = () => undefined,
      pace,
    }: {
      capacity?: number;
      checkpoints?: Checkpoints;
      onEvaluation?: (count: number) => void;
      pace?: Pace;
    } = {},
  ) {
    this.#curve = curve;
    this.capacity = capacity;
    this.#checkpoints = checkpoints;
    this.#onEvaluation = onEvaluation;
    this.#pace = pace;
  }

  async run(document: JobDocument, { signal, onEvent = () => undefined }: RunJobOptions = {}): Promise<JobOutcome> {
    const { name: job, settings, seed } = document;
    let values: readonly number[];
    try {
      values = this.#curve(settings as Settings, seed);
    } catch (error) {
      return { type: "failed", job, attempts: 3, error: String(error) };
    }
    for (const i of values.keys()) {
      await nextTurn();
      if (signal?.aborted === true) return { type: "stopped", job };
      const isNew = i >= (this.#checkpoints.get(job) ?? 0);
      if (isNew) {
        this.#checkpoints.set(job, i + 1);
        this.computed.push(`${job} ${i + 1}`);
        this.#onEvaluation(this.computed.length);
      }
      const step = 10 * (i + 1);
      const known = values.slice(0, i + 1).map((one, k) => ({ step: 10 * (k + 1), value: one }));
      onEvent({ type: "progress", job, progress: { done: step, values: reportedValues("accuracy", known) } });
      if (isNew) await this.#pace?.wait(job, step, signal);
    }
    const evaluations = values.map((value, i) => ({ step: 10 * (i + 1), value }));
    const summary = { accuracy: Math.max(...values), evaluations };
    const manifest: JobManifest = { format: 1, job, document: "", code: "", files: [], summary, sha256: "" };
    return { type: "done", job, manifest, reused: false };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
