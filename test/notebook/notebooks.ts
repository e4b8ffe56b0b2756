import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { projectRoot } from "../../src/base/project-root";
import type { Cell, CodeCell, Notebook } from "../../src/notebook/format/notebook-types";
import type { RunEvent, RunSummary } from "../../src/notebook/run/run-events";
import { runNotebook } from "../../src/notebook/run/run-notebook";
import type { RunOptions } from "../../src/notebook/run/run-options";

/** A code cell: its source, and its tags. */
export type CellText = string | readonly [source: string, ...tags: string[]];

/** A notebook of code cells for a kernel. */
export function notebookOf(cells: readonly CellText[], kernel = "tslab"): Notebook {
  const language = kernel === "tslab" ? "typescript" : "python";
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: kernel, display_name: kernel, language } },
    cells: cells.map((text, index): Cell => {
      const [source, ...tags] = typeof text === "string" ? [text] : text;
      return {
        cell_type: "code",
        id: `cell-${index + 1}`,
        metadata: tags.length > 0 ? { tags } : {},
        source,
        execution_count: null,
        outputs: [],
      };
    }),
  };
}

/** Runs to the end; returns what happened and what is left. */
export async function runToEnd(
  notebook: string | Notebook,
  options: RunOptions = {},
): Promise<{ events: RunEvent[]; summary: RunSummary; pid: number }> {
  const events: RunEvent[] = [];
  const run = runNotebook(notebook, { cwd: projectRoot(), ...options });
  let next = await run.next();
  for (; next.done !== true; next = await run.next()) events.push(next.value);
  const pid = events.flatMap((event) => (event.event === "kernel-ready" ? [event.pid] : []))[0];
  return { events, summary: next.value, pid: pid ?? -1 };
}

/** The code cells of an executed notebook, marks left out. */
export function codeCells({ notebook }: RunSummary): CodeCell[] {
  return notebook.cells.filter((cell): cell is CodeCell => cell.cell_type === "code");
}

/** Text that a cell printed on a stream. */
export function printed(cell: CodeCell, name: "stdout" | "stderr" = "stdout"): string {
  return cell.outputs
    .flatMap((output) => (output.output_type === "stream" && output.name === name ? [output.text] : []))
    .join("");
}

/** Whether a process runs; one that has ended but was not collected yet does not. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  try {
    return !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return true;
  }
}

/** A folder for one test, removed afterwards. */
export async function withFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "tslora-test-"));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The path of a fixture. */
export function fixture(name: string): string {
  return join(projectRoot(), "test", "notebook", "fixtures", name);
}
