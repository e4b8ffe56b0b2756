import { bundleFor } from "./plotly-bundle";
import type { Figure } from "./types";

/**
 * Decides which figures bring plotly.js with them: a notebook needs one copy, and keeps it.
 *
 * The first figure brings it. When the cell of that figure runs again, its old output goes, and the copy with it, so
 * the new one brings it again; cells have no names here, but a figure of the same title in another run of a cell is
 * taken for the same.
 */
export class Carrier {
  readonly #carrying = new Map<string, { title: string; run: unknown }>(); // by build

  /**
   * Whether a figure brings plotly.js.
   *
   * @param run - what stands for the running cell: the same object while it runs, another in the next run
   */
  carries(figure: Pick<Figure, "data" | "layout">, run: unknown): boolean {
    const bundle = bundleFor(figure.data);
    const title = JSON.stringify(figure.layout.title ?? null);
    const carrying = this.#carrying.get(bundle);
    if (carrying !== undefined && (carrying.title !== title || carrying.run === run)) return false;
    this.#carrying.set(bundle, { title, run });
    return true;
  }
}
