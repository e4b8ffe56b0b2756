import { basename, dirname } from "node:path";

import { asError } from "../../base/as-error";
import { lockFile, type OutputLock } from "../../base/lock/lock-output";
import { writeAtomically } from "../../base/files/write-atomically";
import type { CompareOptions } from "../../notebook/check/compare-outputs";
import { readNotebook } from "../../notebook/format/read-notebook";
import { runNotebook } from "../../notebook/run/run-notebook";
import type { RunOptions } from "../../notebook/run/run-options";
import { differenceText, type RunResult } from "../../notebook/run/run-reports";
import type { RunEvent, RunSummary } from "../../notebook/run/run-events";
import type { PlannedRun } from "./plan-runs";
import { quietTensorflow, shortPath } from "./run-in-terminal";
import { RunView } from "./run-view";
import { styled, type Terminal } from "../terminal/terminal";

/** Options of running and showing notebooks. */
export interface RunAllOptions {
  readonly terminal: Terminal;
  readonly quiet: boolean;
  /** Number of notebooks that run at once. */
  readonly jobs: number;
  /** Options of each run. */
  readonly run: RunOptions;
  readonly signal: AbortSignal;
  /** Whether an HTML page is written for each. */
  readonly html: boolean;
  /** Tolerances for comparing outputs with the saved ones, if they are compared. */
  readonly check?: CompareOptions;
}

/** Runs notebooks, several at once if requested, and returns their results in order. */
export async function runAll(planned: readonly PlannedRun[], options: RunAllOptions): Promise<RunResult[]> {
  const { terminal, quiet, jobs, signal } = options;
  const results: (RunResult | undefined)[] = planned.map(() => undefined);
  const table =
    jobs > 1 && planned.length > 1
      ? new (await import("./run-table.js")).RunTable({ terminal, quiet, total: planned.length })
      : undefined;
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < planned.length && !signal.aborted) {
      const at = next++;
      const { name } = planned[at];
      const view = table === undefined ? new RunView(planned[at].path, { terminal, quiet, name }) : undefined;
      const result = await runOne(planned[at], options, (event) =>
        table === undefined ? view?.show(event) : table.show(name, event),
      );
      view?.close();
      table?.end(name, result.summary?.status === "ok" && result.error === undefined);
      results[at] = result;
      if (result.error !== undefined) terminal.err.write(`${styled(terminal, "red", result.error.message)}\n`);
      for (const difference of result.differences ?? [])
        terminal.err.write(
          `${styled(terminal, "red", `${name}, cell ${difference.number}`)}: ${differenceText(difference)}\n`,
        );
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, planned.length) }, work));
  table?.close();
  return results.filter((result): result is RunResult => result !== undefined);
}

async function runOne(
  { path, outputPath }: PlannedRun,
  { run, signal, html, check }: RunAllOptions,
  show: (event: RunEvent) => void,
): Promise<RunResult> {
  let summary: RunSummary | undefined;
  let lock: OutputLock | undefined;
  try {
    lock = lockFile(outputPath, { purpose: "tslora run" });
    const saved = check === undefined ? undefined : await readNotebook(path);
    for await (const event of runNotebook(path, { ...run, outputPath, signal, env: quietTensorflow(run.env) })) {
      show(event);
      if (event.event === "end") ({ summary } = event);
    }
    if (summary === undefined) throw new Error(`The run of ${path} ended without a result.`);
    if (html)
      await writeAtomically(
        outputPath.replace(/\.ipynb$/, ".html"),
        await (
          await import("../../notebook/page/notebook-page.js")
        ).notebookPage([{ name: basename(path), notebook: summary.notebook, folder: dirname(path) }]),
      );
    if (saved === undefined) return { path, summary };
    const { compareOutputs, hasOutputs } = await import("../../notebook/check/compare-outputs.js");
    if (!hasOutputs(saved))
      throw new Error(
        `${shortPath(path)} has no saved outputs to check against. Save it executed, or run it without --check.`,
      );
    return { path, summary, differences: compareOutputs(saved, summary.notebook, check) };
  } catch (error) {
    return { path, summary, error: asError(error) };
  } finally {
    lock?.release();
  }
}
