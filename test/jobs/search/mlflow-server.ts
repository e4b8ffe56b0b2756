import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { sweepPython } from "./optuna-python";

/** A running MLflow server on loopback. */
export interface MlflowServer {
  readonly uri: string;
  /** A GET of its REST API. */
  readonly get: (path: string) => Promise<Record<string, unknown>>;
  readonly post: (path: string, body: object) => Promise<Record<string, unknown>>;
  readonly stop: () => Promise<void>;
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}

/** Starts the real server with a database and artifacts in a folder, and waits until it answers. */
export async function startMlflow(folder: string): Promise<MlflowServer> {
  const port = await freePort();
  const uri = `http://127.0.0.1:${port}`;
  const args = ["-m", "mlflow", "server", "--host", "127.0.0.1", "--port", String(port), "--workers", "1"];
  const store = ["--backend-store-uri", `sqlite:///${join(folder, "mlflow.db")}`];
  const artifacts = ["--artifacts-destination", join(folder, "artifacts"), "--serve-artifacts"];
  const child = spawn(sweepPython(), [...args, ...store, ...artifacts], {
    cwd: folder,
    detached: true, // it starts processes of its own
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true", MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false" },
  });
  let printed = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed = (printed + text).slice(-4000)));
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const isUp = async (): Promise<boolean> =>
    fetch(`${uri}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isUp())) {
    if (child.exitCode !== null) throw new Error(`mlflow server ended with ${child.exitCode}:\n${printed}`);
    await sleep(100);
  }
  const api = async (path: string, init?: RequestInit): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${uri}/api/2.0/${path}`, init);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, unknown>;
  };
  return {
    uri,
    get: (path) => api(path),
    post: (path, body) =>
      api(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    stop: async () => {
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGTERM");
      await ended;
    },
  };
}
