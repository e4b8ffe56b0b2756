import type { Cell, TextCell } from "../format/notebook-types";
import type { CellReport } from "./run-events";

const TOP_ID = "tslora-error-top";
const CELL_ID = "tslora-error-cell";

/** Takes the marks of an earlier failed run away. */
export function withoutFailureMarks(cells: readonly Cell[]): readonly Cell[] {
  return cells.filter((cell) => cell.id !== TOP_ID && cell.id !== CELL_ID);
}

/** Says at the top that the run failed and where, with a link to an anchor before the failed cell. */
export function withFailureMarks(cells: readonly Cell[], failed: CellReport): readonly Cell[] {
  const { outcome } = failed;
  const what =
    "error" in outcome ? `${outcome.error.ename}: ${outcome.error.evalue}`.split("\n", 1)[0] : outcome.status;
  const top = mark(
    TOP_ID,
    `<span style="color:#d64541">**This run failed** in [cell ${failed.number}](#${CELL_ID}): ${escapeMarkdown(what)}. The cells below it were not executed, unless they have outputs.</span>`,
  );
  const anchor = mark(
    CELL_ID,
    `<span id="${CELL_ID}" style="color:#d64541">**The run failed in the next cell.**</span>`,
  );
  return [top, ...cells.flatMap((cell) => (cell.id === failed.id ? [anchor, cell] : [cell]))];
}

function mark(id: string, source: string): TextCell {
  return { cell_type: "markdown", id, metadata: { tags: ["tslora-error"] }, source };
}

function escapeMarkdown(text: string): string {
  return text
    .slice(0, 300)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[\\`*_[\]$|]/g, "\\$&");
}
