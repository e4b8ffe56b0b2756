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
 * {@link runReference}. If it fails on a list of cases, the error names the first case on which it also fails alone.
 */
export async function referencePython(
  file: string,
  options: { input: unknown; folder: string; python: string },
): Promise<unknown> {
  try {
    return await runReference(file, options);
  } catch (error) {
    const cases: unknown = options.input;
    if (!Array.isArray(cases) || cases.length < 2) throw error;
    throw await firstFailure(file, cases, options, error);
  }
}

/** Halves the cases until one is left that fails; the whole's error where none fails alone. */
async function firstFailure(
  file: string,
  cases: readonly unknown[],
  options: { folder: string; python: string },
  whole: unknown,
): Promise<unknown> {
  let [low, high, failure] = [0, cases.length, whole];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const first = await failureOf(file, cases.slice(low, middle), options);
    const second = first === undefined ? await failureOf(file, cases.slice(middle, high), options) : undefined;
    if (first === undefined && second === undefined) return whole;
    failure = first ?? second;
    [low, high] = first === undefined ? [middle, high] : [low, middle];
  }
  return new Error(
    `the reference refused case ${low} of ${cases.length}: ${JSON.stringify(cases[low]).slice(0, 500)}\n${failure instanceof Error ? failure.message : String(failure)}`,
  );
}

async function failureOf(
  file: string,
  input: readonly unknown[],
  options: { folder: string; python: string },
): Promise<unknown> {
  try {
    await runReference(file, { input, ...options });
    return undefined;
  } catch (error) {
    return error;
  }
}

/**
 * Runs a Python file with the reference environment's Python: `file INPUT.json OUTPUT.json`. Its text output goes to
 * stderr only where it fails.
 */
async function runReference(
  file: string,
  options: { input: unknown; folder: string; python: string },
): Promise<unknown> {
  const { input, folder, python } = options;
  const [given, taken] = [join(folder, "input.json"), join(folder, "output.json")];
  await writeFile(given, JSON.stringify(input));
  const env = {
    ...process.env,
    HF_HUB_OFFLINE: "1",
    TOKENIZERS_PARALLELISM: "false",
    PYTHONWARNINGS: "ignore",
    TF_CPP_MIN_LOG_LEVEL: "3",
  };
  const child = spawn(python, [file, given, taken], { stdio: ["ignore", "pipe", "pipe"], env, cwd: folder });
  const printed: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => printed.push(text));
  const code = await new Promise<number | string>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (status, signal) => resolve(status ?? signal ?? 1));
  });
  if (code !== 0) throw new Error(`${file} ended with ${code}:\n${printed.join("").slice(-4000)}`);
  return JSON.parse(await readFile(taken, "utf8")) as unknown;
}
