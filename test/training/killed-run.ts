import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { ChildTask } from "./kill-child";

/** End of a process: its output, or killed. */
export type ChildEnd =
  { readonly kind: "done"; readonly hash: string; readonly changes: number } | { readonly kind: "killed" };

/** Runs a task in a process of its own. */
export async function runChild(task: ChildTask): Promise<ChildEnd> {
  const child = spawn(process.execPath, [join(__dirname, "kill-child.js"), JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  const signal = await new Promise<NodeJS.Signals | null>((resolve, reject) =>
    child.on("error", reject).on("close", (_, by) => resolve(by)),
  );
  if (signal === "SIGKILL") return { kind: "killed" };
  const line = out.split("\n").find((text) => text.startsWith("{"));
  if (line === undefined) throw new Error(`the process ended without a result:\n${err}`);
  return { kind: "done", ...(JSON.parse(line) as { hash: string; changes: number }) };
}

/** The task, resumed from the newest checkpoint in the output folder, or from the start if there is none. */
export function resumed(task: ChildTask): ChildTask {
  const directory = task.options.outputDir ?? "";
  const any =
    existsSync(directory) && readdirSync(directory).some((name) => /^checkpoint-\d+(\.replaced)?$/.test(name));
  return { method: task.method, options: any ? { ...task.options, resumeFrom: "last" } : task.options };
}
