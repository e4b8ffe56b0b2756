import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { fixture, notebookOf, withFolder } from "./notebooks";
import type { Notebook } from "../../src/notebook/format/notebook-types";

/** One step of a cell for the kernel of fixtures/odd-kernel.mjs. */
export type OddStep = readonly [verb: string, argument?: unknown];

/** A notebook for the odd kernel. */
export function oddNotebook(cells: readonly (readonly OddStep[])[]): Notebook {
  return notebookOf(
    cells.map((steps) => JSON.stringify(steps)),
    "odd",
  );
}

/** Runs a function in a folder with a kernelspec `odd`, whose kernel follows the instructions in its cells. */
export function withOddKernel(work: (folder: string) => Promise<void>): Promise<void> {
  return withFolder(async (folder) => {
    await mkdir(join(folder, "jupyter", "kernels", "odd"), { recursive: true });
    const argv = [process.execPath, fixture("odd-kernel.mjs"), "{connection_file}"];
    await writeFile(
      join(folder, "jupyter", "kernels", "odd", "kernel.json"),
      JSON.stringify({ argv, display_name: "Odd", language: "odd" }),
    );
    const before = process.env.JUPYTER_PATH;
    process.env.JUPYTER_PATH = join(folder, "jupyter");
    try {
      await work(folder);
    } finally {
      if (before === undefined) delete process.env.JUPYTER_PATH;
      else process.env.JUPYTER_PATH = before;
    }
  });
}
