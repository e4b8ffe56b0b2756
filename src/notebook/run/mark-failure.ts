import type { Cell, TextCell } from "../format/notebook-types";
import { startOf } from "../../base/start-of";
import type { CellReport } from "./run-events";

const TOP_ID = "tslora-error-top";
const CELL_ID = "tslora-error-cell";

/** Removes the marks of an earlier failed run. */
export function withoutFailureMarks(cells: readonly Cell[]): readonly Cell[] {
  return cells.filter((cell) => cell.id !== TOP_ID && cell.id !== CELL_ID);
}

/** Adds a mark at the top that names the failed cell, with a link to an anchor before it. */
export function withFailureMarks(cells: readonly Cell[], failed: CellReport): readonly Cell[] {
  const { outcome } = failed;
  const what =
    "error" in outcome ? `${outcome.error.ename}: ${outcome.error.evalue}`.split("\n", 1)[0] : outcome.status;
  const place = `in [cell ${failed.number}](#${CELL_ID}): ${escapeMarkdown(what)}`;
  const rest = "The cells below it were not executed, unless they have outputs.";
  const top = mark(TOP_ID, `<span style="color:#d64541">**This run failed** ${place}. ${rest}</span>`);
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
  return startOf(text, 300)
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/[\\`*_[\]$|]/g, "\\$&");
}
