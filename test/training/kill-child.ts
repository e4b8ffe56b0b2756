import fs from "node:fs/promises";

import type { TrainOptions } from "../../src/training/options/train-options";
import { classifier, hashOfWeights, runToEnd } from "./tiny";

/** Task of the process: see `killed-run.ts`. */
export interface ChildTask {
  readonly method: "lora" | "full";
  readonly options: Partial<TrainOptions>;
  /** SIGKILL at the change of the file system with this number, counted from 1: in the middle of saving as well. */
  readonly killAtChange?: number;
  /** SIGKILL so many milliseconds after the model is ready, counted from before the first step. */
  readonly killAfter?: number;
}

/** Trains a tiny model in a process of its own, which kills itself at the given point, or prints its results. */
async function main(task: ChildTask): Promise<void> {
  const c = await classifier("bert", { dropout: 0.1 });
  if (task.method === "lora") c.addAdapter({ r: 2, loraDropout: 0.2 });
  else c.trainAllWeights();
  let changes = 0;
  const kill = (): void => void process.kill(process.pid, "SIGKILL");
  for (const name of ["open", "rename", "mkdir", "rm"] as const) {
    const original = fs[name] as (...args: unknown[]) => Promise<unknown>;
    const counting = async (...args: unknown[]): Promise<unknown> => {
      if (++changes === task.killAtChange) kill();
      return original(...args);
    };
    Object.assign(fs, { [name]: counting });
  }
  if (task.killAfter !== undefined) setTimeout(kill, task.killAfter);
  await runToEnd(c, task.options);
  console.log(JSON.stringify({ hash: await hashOfWeights(c), changes }));
}

void main(JSON.parse(process.argv[2]) as ChildTask);
