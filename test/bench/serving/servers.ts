import { spawn } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { join } from "node:path";

import { projectRoot } from "../../../src/base/project-root";
import { loadClassifier } from "../../../src/classifier/load-classifier";

/** A server that is measured. */
export interface MeasuredServer {
  readonly name: string;
  /** The address of its predictions, without an adapter's name. */
  readonly url: string;
  close(): Promise<void>;
}

/** Model, and adapters with weights of their own. */
export interface ServedFolders {
  readonly model: string;
  /** Folders by name: a0, a1, ... */
  readonly adapters: Readonly<Record<string, string>>;
}

/**
 * Writes adapters of the study's settings (r 8, query and value) with random weights: speed does not depend on them.
 */
export async function writeAdapters(
  model: string,
  { count, folder }: { count: number; folder: string },
): Promise<ServedFolders> {
  const classifier = await loadClassifier(model, { labels: ["NEGATIVE", "POSITIVE"] });
  const { ops } = classifier.model;
  const adapters: Record<string, string> = {};
  for (let i = 0; i < count; i++) {
    const adapter = classifier.addAdapter({ r: 8, loraAlpha: 16 });
    for (const parameter of adapter.parameters()) {
      const values = await parameter.read();
      parameter.assign(
        ops.float(
          values.map((value, k) => value + 0.02 * Math.sin(1.7 * k + i)),
          parameter.shape,
        ),
      );
    }
    adapters[`a${i}`] = join(folder, `a${i}`);
    await classifier.saveAdapter(join(folder, `a${i}`));
    classifier.unload();
  }
  classifier.dispose();
  return { model, adapters };
}

/** Starts `tslora serve` as a user does. */
export async function startOurs(
  { model, adapters }: ServedFolders,
  { precision = "float32" }: { readonly precision?: "float32" | "int8" } = {},
): Promise<MeasuredServer> {
  const flags = Object.entries(adapters).flatMap(([name, folder]) => ["--adapter", `${name}=${folder}`]);
  const main = join(__dirname, "..", "..", "..", "src", "cli", "main.js");
  const command = [
    process.execPath,
    main,
    "serve",
    "--model",
    model,
    ...flags,
    "--precision",
    precision,
    "--port",
    "0",
    "--json",
  ];
  const name = precision === "float32" ? "tslora serve" : `tslora serve --precision ${precision}`;
  const server = await startProcess(name, command);
  return { ...server, url: `http://127.0.0.1:${server.port}/predict` };
}

/** Starts the server of FastAPI, transformers and peft with one adapter. */
export async function startPython(
  { model, adapters }: ServedFolders,
  { python, kind }: { python: string; kind: "single" | "batched" },
): Promise<MeasuredServer> {
  const program = join(projectRoot(), "test", "bench", "serving", "server.py");
  const [adapter] = Object.values(adapters);
  const command = [python, program, model, adapter, String(cpus().length), kind];
  const server = await startProcess(`FastAPI + transformers + peft, ${kind}`, command);
  return { ...server, url: `http://127.0.0.1:${server.port}/predict` };
}

async function startProcess(
  name: string,
  [program, ...parameters]: readonly string[],
): Promise<{ name: string; port: number; close: () => Promise<void> }> {
  const child = spawn(program, parameters, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false" },
  });
  let [out, err] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err = (err + text).slice(-4000)));
  const exit = once(child, "exit");
  const port = await new Promise<number>((resolve, reject) => {
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      out += text;
      const line = /^\{.*"port": ?(\d+)/m.exec(out);
      if (line !== null) resolve(Number(line[1]));
    });
    void exit.then(() => reject(new Error(`${name} ended before it listened.\n${err}`)));
  });
  const close = async (): Promise<void> => {
    child.stdin.end();
    child.kill("SIGTERM");
    await exit;
  };
  return { name, port, close };
}
