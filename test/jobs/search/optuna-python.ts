import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { projectRoot } from "../../../src/base/project-root";

/** The Python with optuna and mlflow: one that TSLORA_SWEEP_PYTHON names, or the clone's own. */
export function sweepPython(): string {
  const named = process.env.TSLORA_SWEEP_PYTHON ?? "";
  return named === "" ? join(projectRoot(), ".tslora", "sweep-reference", "bin", "python") : named;
}

/** Why a test with Python's programs is skipped; false if they are installed. */
export const WITHOUT_PYTHON: string | false = existsSync(sweepPython())
  ? false
  : "needs optuna and mlflow: npm run setup -- sweep-reference";

/** Runs Python code, and returns what it prints as JSON. */
export async function python(code: string, args: readonly string[] = []): Promise<unknown> {
  const child = spawn(sweepPython(), ["-W", "ignore", "-c", code, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const printed = { out: "", err: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.err += text));
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (status !== 0) throw new Error(`Python ended with ${status}:\n${printed.err.slice(-4000)}`);
  return JSON.parse(printed.out) as unknown;
}
