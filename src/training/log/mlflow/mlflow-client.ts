import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { plainFetch } from "../../../base/http";
import { isRecord, type JsonRecord } from "../../../base/json";
import { TsloraError } from "../../../base/tslora-error";
import type { MlflowSettings } from "./mlflow-settings";

/** Limits of the tries of a request. */
export interface MlflowLimits {
  /** Milliseconds of one request. @default 10000 */
  readonly timeout: number;
  /** Milliseconds before each further try; their number is that of further tries. @default [500, 2000] */
  readonly pauses: readonly number[];
}

const LIMITS: MlflowLimits = { timeout: 10_000, pauses: [500, 2000] };
/** Milliseconds of an upload. */
const UPLOAD_MS = 120_000;

/**
 * MLflow's REST API (2.0). A request that fails for want of an answer, or with a server's error, is tried again; one
 * that the server refuses is not. Messages hold neither token nor password.
 */
export class MlflowClient {
  readonly #settings: MlflowSettings;
  readonly #limits: MlflowLimits;

  constructor(settings: MlflowSettings, limits: Partial<MlflowLimits> = {}) {
    this.#settings = settings;
    this.#limits = { ...LIMITS, ...limits };
  }

  /** The id of the settings' experiment, which is made if it does not exist. */
  async experimentId(): Promise<string> {
    const { experiment } = this.#settings;
    const path = `experiments/get-by-name?experiment_name=${encodeURIComponent(experiment)}`;
    const found = await this.#request("GET", path).catch((error: unknown) => {
      if (error instanceof TsloraError && error.details.status === 404) return undefined;
      throw error;
    });
    if (isRecord(found?.experiment)) return String(found.experiment.experiment_id);
    const made = await this.#request("POST", "experiments/create", { name: experiment });
    return String(made.experiment_id);
  }

  /** A request to `api/2.0/mlflow/PATH`. */
  post(path: string, body: JsonRecord): Promise<JsonRecord> {
    return this.#request("POST", path, body);
  }

  /** A request to `api/2.0/mlflow/PATH`. */
  get(path: string): Promise<JsonRecord> {
    return this.#request("GET", path);
  }

  /**
   * Uploads a file as a run's artifact, through the server.
   *
   * @param uri - the run's `artifact_uri`
   * @param path - the artifact's path in the run
   * @throws TsloraError `unsupported` if the server does not serve artifacts
   */
  async upload(uri: string, path: string, file: string): Promise<void> {
    const served = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*)$/.exec(uri);
    if (served === null)
      throw new TsloraError(
        "unsupported",
        `MLflow's artifacts are at ${uri.split(":")[0]}:, not served by its server.`,
      );
    const place = `${served[1]}/${path}`.split("/").map(encodeURIComponent).join("/");
    const { size } = await stat(file);
    await this.#tries(() =>
      this.#fetch(`${this.#settings.uri}/api/2.0/mlflow-artifacts/artifacts/${place}`, {
        method: "PUT",
        headers: { "content-length": String(size), "content-type": "application/octet-stream" },
        body: createReadStream(file),
        timeout: UPLOAD_MS,
      }),
    );
  }

  #request(method: "GET" | "POST", path: string, body?: JsonRecord): Promise<JsonRecord> {
    return this.#tries(() =>
      this.#fetch(`${this.#settings.uri}/api/2.0/mlflow/${path}`, {
        method,
        ...(body === undefined
          ? { headers: {} }
          : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
        timeout: this.#limits.timeout,
      }),
    );
  }

  async #tries(request: () => Promise<JsonRecord>): Promise<JsonRecord> {
    for (const pause of this.#limits.pauses) {
      try {
        return await request();
      } catch (error) {
        if (error instanceof TsloraError && error.code !== "unreachable") throw error;
      }
      await sleep(pause);
    }
    return request();
  }

  async #fetch(
    url: string,
    {
      headers,
      timeout,
      ...init
    }: {
      method: string;
      headers: Record<string, string>;
      body?: string | ReturnType<typeof createReadStream>;
      timeout: number;
    },
  ): Promise<JsonRecord> {
    const { authorization, uri } = this.#settings;
    let text: string;
    let status: number;
    try {
      const answer = await plainFetch(url, {
        ...init,
        headers: { ...headers, ...(authorization === undefined ? {} : { authorization }) },
        ...(typeof init.body === "object" ? { duplex: "half" as const } : {}),
        signal: AbortSignal.timeout(timeout),
      });
      status = answer.status;
      text = await answer.text();
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new TsloraError("unreachable", `MLflow at ${uri} does not answer (${why}).`, { cause: error });
    }
    const value = parse(text);
    if (status < 300) return value;
    const reply = typeof value.message === "string" ? value.message : text.slice(0, 200);
    throw new TsloraError(
      status >= 500 || status === 429 ? "unreachable" : "bad-input",
      `MLflow at ${uri} answered ${status}: ${reply.slice(0, 300)}`,
      { details: { status } },
    );
  }
}

function parse(text: string): JsonRecord {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}
