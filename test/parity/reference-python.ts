import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";

/** The reference environment's Python: one that TSLORA_REFERENCE_PYTHON names, or the clone's own. */
export function referencePythonPath(): string {
  const named = process.env.TSLORA_REFERENCE_PYTHON ?? "";
  return named === "" ? join(projectRoot(), ".tslora", "reference", "bin", "python") : named;
}

/**
 * Runs a Python file with the reference environment's Python: `file INPUT.json OUTPUT.json`. Its text output goes to
 * stderr only where it fails.
 */
export async function referencePython(file: string, options: { input: unknown; folder: string; python: string }): Promise<unknown> {
  const { input, folder, python } = options;
  const [given, taken] = [join(folder, "input.json"), join(folder, "output.json")];
  await writeFile(given, JSON.stringify(input));
  const env = { ...process.env, HF_HUB_OFFLINE: "1", TOKENIZERS_PARALLELISM: "false", PYTHONWARNINGS: "ignore", TF_CPP_MIN_LOG_LEVEL: "3" };
  const child = spawn(python, [file, given, taken], { stdio: ["ignore", "pipe", "pipe"], env, cwd: folder });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const code = await new Promise<number | string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve(status ?? signal ?? 1));
  });
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${said.join("").slice(-4000)}`);
  return JSON.parse(await readFile(taken, "utf8")) as unknown;
}
