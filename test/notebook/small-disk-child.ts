import { readFile } from "node:fs/promises";

import { TsloraError } from "../../src/base/tslora-error";
import { runNotebook } from "../../src/notebook/run/run-notebook";
import { waitUntil } from "../base/wait-until";
import { printed } from "./notebooks";
import { oddNotebook, type OddStep } from "./odd-kernel";

/** The run of a process whose disk is small: see `fixtures/small-disk.cjs`, which it preloads. */
export interface SmallDiskTask {
  readonly cells: readonly (readonly OddStep[])[];
  readonly outputPath: string;
  readonly cwd: string;
}

/** End of the run. */
export interface SmallDiskEnd {
  readonly events: readonly string[];
  /** From the `end` event. */
  readonly summary?: { readonly status: string; readonly cells: number };
  readonly error?: { readonly code: string; readonly message: string };
}

const { [Symbol.for("tslora.test.refused")]: refused } = globalThis as unknown as Record<symbol, { writes: number }>;

/** Runs the notebook and prints how it ended. The loop waits after each cell until its save has ended, well or not. */
async function main({ cells, outputPath, cwd }: SmallDiskTask): Promise<void> {
  const events: string[] = [];
  let summary: SmallDiskEnd["summary"];
  let error: SmallDiskEnd["error"];
  try {
    for await (const event of runNotebook(oddNotebook(cells), { outputPath, cwd })) {
      events.push(event.event);
      if (event.event === "end") summary = { status: event.summary.status, cells: event.summary.cells.length };
      if (event.event !== "cell-end" || event.number === event.total) continue;
      const text = printed(event.cell).slice(0, 100);
      const isOnFile = async (): Promise<boolean> =>
        (await readFile(outputPath, "utf8").catch(() => "")).split('"outputs"').slice(1).join().includes(text);
      await waitUntil(async () => refused.writes > 0 || (await isOnFile()), { what: "the cell's save has ended" });
    }
  } catch (thrown) {
    if (!(thrown instanceof TsloraError)) throw thrown;
    error = { code: thrown.code, message: thrown.message };
  }
  const end: SmallDiskEnd = { events, summary, error };
  console.log(JSON.stringify(end));
}

void main(JSON.parse(process.argv[2]) as SmallDiskTask);
