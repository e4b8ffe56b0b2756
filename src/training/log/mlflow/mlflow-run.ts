import { readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { isRecord } from "../../../base/json";
import { TsloraError } from "../../../base/tslora-error";
import type { MlflowClient } from "./mlflow-client";

/** A run to begin or to go on with. */
export interface MlflowRunOptions {
  readonly client: MlflowClient;
  readonly experimentId: string;
  readonly runName?: string | undefined;
  /** The run that this one is nested in. */
  readonly parent?: string | undefined;
  readonly tags?: Readonly<Record<string, string>>;
}

/** The end of a run, in MLflow's words. */
export type MlflowStatus = "FINISHED" | "FAILED" | "KILLED";

interface Metric {
  readonly key: string;
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

// MLflow's limits of one request, and of a parameter's value.
const METRICS_AT_ONCE = 1000;
const PARAMS_AT_ONCE = 100;
const LONGEST_PARAM = 6000;
/** Metrics that wait for a server that does not answer; the oldest ones are given up. */
const MOST_WAITING = 50_000;
/** Milliseconds between two requests of a run's metrics, and before a server that did not answer is asked again. */
const PACE = { usual: 500, down: 30_000 } as const;

/**
 * A run in MLflow. Metrics are sent beside the caller's work, which never waits for the server; `finish` waits, within
 * the client's limits. The server's failures are notices, each run's first one alone.
 */
export class MlflowRun {
  readonly id: string;
  readonly #client: MlflowClient;
  readonly #artifacts: string;
  #waiting: Metric[] = [];
  #sending: Promise<void> | undefined;
  #notice: string | undefined;
  #failed = false;
  #nextTry = 0;

  private constructor(client: MlflowClient, { id, artifacts }: { id: string; artifacts: string }) {
    this.id = id;
    this.#client = client;
    this.#artifacts = artifacts;
  }

  /** Begins a run. @throws TsloraError if the server does not answer or refuses */
  static async begin({ client, experimentId, runName, parent, tags = {} }: MlflowRunOptions): Promise<MlflowRun> {
    const all = { ...tags, ...(parent === undefined ? {} : { "mlflow.parentRunId": parent }) };
    const { run } = await client.post("runs/create", {
      experiment_id: experimentId,
      start_time: Date.now(),
      ...(runName === undefined ? {} : { run_name: runName }),
      tags: Object.entries(all).map(([key, value]) => ({ key, value })),
    });
    return new MlflowRun(client, infoOf(run));
  }

  /** Goes on with a run. @throws TsloraError if there is none of this id */
  static async resume(client: MlflowClient, id: string): Promise<MlflowRun> {
    const { run } = await client.get(`runs/get?run_id=${encodeURIComponent(id)}`);
    await client.post("runs/update", { run_id: id, status: "RUNNING" });
    return new MlflowRun(client, infoOf(run));
  }

  /** Logs parameters. MLflow keeps the first value of each. */
  async params(values: Readonly<Record<string, unknown>>): Promise<void> {
    const params = Object.entries(values)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ({ key, value: textOf(value).slice(0, LONGEST_PARAM) }));
    await this.#try(async () => {
      for (let i = 0; i < params.length; i += PARAMS_AT_ONCE)
        await this.#client.post("runs/log-batch", { run_id: this.id, params: params.slice(i, i + PARAMS_AT_ONCE) });
    });
  }

  /** Logs numbers of a step; returns at once. Numbers that are not finite are left out. */
  metrics(step: number, values: Readonly<Record<string, number>>): void {
    const timestamp = Date.now();
    for (const [key, value] of Object.entries(values))
      if (Number.isFinite(value)) this.#waiting.push({ key, value, timestamp, step });
    if (this.#waiting.length > MOST_WAITING) this.#waiting = this.#waiting.slice(-MOST_WAITING);
    if (performance.now() >= this.#nextTry) this.#sending ??= this.#send().finally(() => (this.#sending = undefined));
  }

  /** Uploads a folder's files below a path of the run's artifacts. */
  async upload(folder: string, to: string): Promise<void> {
    await this.#try(async () => {
      for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const file = join(entry.parentPath, entry.name);
        await this.#client.upload(this.#artifacts, `${to}/${relative(folder, file).split(sep).join("/")}`, file);
      }
    });
  }

  /** Sends what waits, and ends the run. */
  async finish(status: MlflowStatus): Promise<void> {
    await this.#sending;
    this.#nextTry = 0;
    if (this.#waiting.length > 0) await this.#send();
    await this.#try(() => this.#client.post("runs/update", { run_id: this.id, status, end_time: Date.now() }));
  }

  /** The first failure of the server since the last call, as a sentence. */
  takeNotice(): string | undefined {
    const notice = this.#notice;
    this.#notice = undefined;
    return notice;
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      const metrics = this.#waiting.slice(0, METRICS_AT_ONCE);
      const sent = await this.#try(() => this.#client.post("runs/log-batch", { run_id: this.id, metrics }));
      if (!sent) return void (this.#nextTry = performance.now() + PACE.down);
      const sentLast = this.#waiting.indexOf(metrics[metrics.length - 1]); // -1 if they were given up meanwhile
      this.#waiting = this.#waiting.slice(sentLast + 1);
      if (this.#waiting.length < METRICS_AT_ONCE) await sleep(PACE.usual);
    }
  }

  /** Runs a request. Returns whether it succeeded; the first failure becomes the notice. */
  async #try(request: () => Promise<unknown>): Promise<boolean> {
    try {
      await request();
      return true;
    } catch (error) {
      if (!this.#failed) this.#notice = mlflowNotice(error);
      this.#failed = true;
      return false;
    }
  }
}

/** The report of a failure of the server, once. */
export function mlflowNotice(error: unknown): string {
  const message = error instanceof TsloraError ? error.message : "MLflow cannot be used.";
  return `${message} The run goes on; what could not be sent is missing in MLflow.`;
}

function infoOf(run: unknown): { id: string; artifacts: string } {
  const info = isRecord(run) && isRecord(run.info) ? run.info : {};
  return { id: String(info.run_id), artifacts: String(info.artifact_uri) };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}
