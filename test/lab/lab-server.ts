import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import { waitUntil } from "../base/wait-until";

/** A running Jupyter Lab, opened as a user opens it. */
export interface LabServer {
  readonly url: string;
  readonly token: string;
  /** Asks the server's REST interface. */
  api(path: string, init?: RequestInit): Promise<unknown>;
  stop(): Promise<void>;
}

/** Starts `npm run lab` and waits until it answers. */
export async function startLab(env: Readonly<Record<string, string>>): Promise<LabServer> {
  const port = await freePort();
  const token = "lab-test";
  const child = spawn(
    process.execPath,
    [
      join("src", "setup", "start.mjs"),
      "lab",
      "--no-browser",
      `--ServerApp.port=${port}`,
      "--ServerApp.port_retries=0",
      `--IdentityProvider.token=${token}`,
      "--LabApp.expose_app_in_browser=True",
    ],
    { cwd: projectRoot(), env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (log = (log + text).slice(-8000)));
  const url = `http://127.0.0.1:${port}`;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const api: LabServer["api"] = async (path, init) => {
    const response = await fetch(`${url}/api/${path}`, { ...init, headers: { Authorization: `token ${token}` } });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? undefined : response.json();
  };
  const answers = async (): Promise<boolean> => {
    if (child.exitCode !== null) throw new Error(`Jupyter Lab did not start:\n${log}`);
    return api("status").then(
      () => true,
      () => false,
    );
  };
  await waitUntil(answers, { what: "Jupyter Lab answers", pauseMs: 200 });
  return {
    url,
    token,
    api,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await exited;
      clearTimeout(timer);
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}
