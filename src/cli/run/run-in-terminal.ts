import { basename, isAbsolute, relative } from "node:path";

import { outputFolder } from "../../base/files/output-folder";
import type { RunSummary } from "../../notebook/run/run-events";
import { runNotebook } from "../../notebook/run/run-notebook";
import type { RunOptions } from "../../notebook/run/run-options";
import { widthOf } from "../terminal/fit-text";
import { RunView } from "./run-view";
import { duration, styled, table, type Terminal } from "../terminal/terminal";

/** Options of running and showing a notebook. */
export interface RunInTerminalOptions extends RunOptions {
  readonly terminal: Terminal;
  readonly quiet: boolean;
}

/** Runs a notebook and shows it. */
export async function runInTerminal(path: string, options: RunInTerminalOptions): Promise<RunSummary> {
  const { terminal, quiet, ...run } = options;
  const view = new RunView(path, { terminal, quiet });
  try {
    const events = runNotebook(path, { ...run, env: quietTensorflow(run.env) });
    let next = await events.next();
    for (; next.done !== true; next = await events.next()) view.show(next.value);
    return next.value;
  } finally {
    view.close();
  }
}

/**
 * Variables for a kernel: limits TensorFlow's native log to warnings, unless the environment sets a level, and makes a
 * relative TSLORA_OUTPUT absolute.
 */
export function quietTensorflow(env: RunOptions["env"]): RunOptions["env"] {
  const quiet = process.env.TF_CPP_MIN_LOG_LEVEL === undefined && { TF_CPP_MIN_LOG_LEVEL: "2" };
  // kernels run in other folders
  const output = process.env.TSLORA_OUTPUT !== undefined && { TSLORA_OUTPUT: outputFolder() };
  return { ...quiet, ...output, ...env };
}

/** The table at the end: each notebook with its status, cells, time and path. */
export function summaryLines(summaries: readonly RunSummary[], terminal: Terminal): string[] {
  const rows = summaries.map((summary) => {
    const done = summary.cells.filter(({ outcome }) => outcome.status === "ok").length;
    const where = summary.failed === undefined ? "" : `cell ${summary.failed.number}`;
    return [
      shortPath(summary.path),
      summary.status,
      where,
      `${done}/${summary.cells.length} cells`,
      duration(summary.elapsedMs),
      summary.outputPath === undefined ? "" : shortPath(summary.outputPath),
    ];
  });
  const whole = table([["notebook", "status", "", "done", "time", "saved as"], ...rows]);
  const width = widthOf(terminal.out);
  const fits = width === undefined || whole.every((line) => line.length <= width);
  const short = rows.map(([path, ...others]) => [basename(path, ".ipynb"), ...others.slice(0, -1)]);
  const [head, ...lines] = fits ? whole : table([["notebook", "status", "", "done", "time"], ...short]);
  const shown = lines.map((line, index) => (summaries[index].status === "ok" ? line : styled(terminal, "red", line)));
  const saved = fits ? [] : rows.flatMap((row) => (row[5] === "" ? [] : [`saved as ${row[5]}`]));
  return [styled(terminal, "bold", head), ...shown, ...saved];
}

/** A path as the user would type it: relative to the current folder if it is inside. */
export function shortPath(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === "" || fromHere.startsWith("..") || isAbsolute(fromHere) ? path : fromHere;
}
