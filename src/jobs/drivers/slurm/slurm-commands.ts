import { execFile } from "node:child_process";
import { promisify } from "node:util";

import { errorCode } from "../../../base/files/error-code";
import { TsloraError } from "../../../base/tslora-error";

const execute = promisify(execFile);

/** Milliseconds after which a command of SLURM counts as failed. */
const LIMIT = 60_000;

/** Tasks of an array where SLURM does not tell its limit: that of a SLURM without MaxArraySize in its settings. */
const USUAL_TASKS = 1000;

/** The most tasks of an array here: as SLURM's settings allow, at most {@link USUAL_TASKS}. */
export async function largestArray(): Promise<number> {
  return mostTasks(await slurm("scontrol", ["show", "config"]).catch(() => ""));
}

/**
 * The most tasks of an array by the text of `scontrol show config`. Tasks are numbered from 1, and their numbers must
 * be below MaxArraySize. A SLURM without arrays gives 1: `sbatch` says why it refuses it.
 */
export function mostTasks(configuration: string): number {
  const limit = /^\s*MaxArraySize\s*=\s*(\d+)\s*$/m.exec(configuration);
  return limit === null ? USUAL_TASKS : Math.max(1, Math.min(USUAL_TASKS, Number(limit[1]) - 1));
}

/**
 * Submits a script.
 *
 * @returns the array's number in SLURM
 * @throws TsloraError `unsupported` if there is no `sbatch`, `bad-option` if it refuses the script
 */
export async function submit(script: string, further: readonly string[]): Promise<string> {
  const answer = await slurm("sbatch", ["--parsable", ...further, script]);
  return answer.trim().split(";")[0];
}

/** Tasks in SLURM's queue, by the name of their array; undefined if SLURM does not answer. */
export async function queuedTasks(
  names: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<number>> | undefined> {
  let answer: string;
  try {
    answer = await slurm("squeue", ["--noheader", "--array", "--name", names.join(","), "--format", "%j %K"]);
  } catch {
    return undefined;
  }
  const tasks = new Map<string, Set<number>>(names.map((name) => [name, new Set()]));
  for (const line of answer.split("\n")) {
    const [name, task] = line.trim().split(/\s+/);
    if (task !== undefined) tasks.get(name)?.add(Number(task));
  }
  return tasks;
}

/** Takes tasks of an array out of the queue, or sends them SIGTERM. */
export async function cancel(array: string, tasks: readonly number[]): Promise<void> {
  await slurm("scancel", ["--quiet", ...tasks.map((task) => `${array}_${task}`)]).catch(() => undefined);
}

async function slurm(program: string, parameters: readonly string[]): Promise<string> {
  try {
    const { stdout } = await execute(program, [...parameters], { timeout: LIMIT, encoding: "utf8" });
    return stdout;
  } catch (error) {
    if (errorCode(error) === "ENOENT")
      throw new TsloraError(
        "unsupported",
        `${program} is not on this machine's path. Run tslora on a machine of SLURM.`,
      );
    const printed = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : String(error);
    throw new TsloraError("bad-option", `${program} failed: ${printed.slice(0, 500)}`, { cause: error });
  }
}
