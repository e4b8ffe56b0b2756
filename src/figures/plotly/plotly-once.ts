import { RUNS_ONCE } from "../../base/runs-once";
import { bundleFor } from "./plotly-bundle";
import type { Figure } from "../types";

/**
 * Decides which figures bring plotly.js with them: a notebook needs one copy, and keeps it.
 *
 * The first figure brings it. When the cell of that figure runs again, its old output goes, and the copy with it, so
 * the new one brings it again. tslora's kernel says which cell runs; in a plain tslab a figure of the same title in
 * another run of a cell is taken for the same, unless a headless runner says that every cell runs once.
 */
export class PlotlyOnce {
  readonly #carrying = new Map<string, { title: string; run: unknown }>(); // by build

  /**
   * Whether a figure brings plotly.js.
   *
   * @param run - identifies the running cell: the same object while it runs, another in the next run
   */
  carries(figure: Pick<Figure, "data" | "layout">, run: unknown): boolean {
    const bundle = bundleFor(figure.data);
    const title = JSON.stringify(figure.layout.title ?? null);
    const carrying = this.#carrying.get(bundle);
    if (carrying !== undefined && (carrying.title !== title || carrying.run === run)) return false;
    if (carrying !== undefined && isAnotherCell(carrying.run, run)) return false;
    this.#carrying.set(bundle, { title, run });
    return true;
  }
}

function isAnotherCell(one: unknown, other: unknown): boolean {
  const [first, second] = [one, other].map((run) =>
    typeof run === "function" && "cell" in run ? run.cell : undefined,
  );
  if (first !== undefined && second !== undefined) return first !== second;
  return Reflect.get(globalThis, RUNS_ONCE) === true;
}
