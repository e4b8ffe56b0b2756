import { RUNS_ONCE } from "../../base/runs-once";
import { bundleFor } from "./plotly-bundle";
import type { Figure } from "../types";

/**
 * Decides which figures contain plotly.js: a notebook needs exactly one copy.
 *
 * The first figure contains it. When the cell of that figure runs again, its old output is removed together with the
 * copy, so the new figure contains it again. tslora's kernel identifies the running cell. In a plain tslab, a figure
 * with the same title in a later run of a cell counts as the same one, unless a headless runner has set that every cell
 * runs once.
 */
export class PlotlyOnce {
  readonly #carrying = new Map<string, { title: string; run: unknown }>(); // by build

  /**
   * Whether a figure contains plotly.js.
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
