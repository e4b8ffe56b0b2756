import { escapeHtml } from "./escape";
import type { Table, TableCell, TableColumn } from "./types";

const LEFT = ' style="text-align:left"';
const RIGHT = ' style="text-align:right"';

/**
 * A table as HTML in the look of pandas' data frames: the page's own colours and rules (Jupyter's, a code host's),
 * light or dark. Every text is escaped.
 */
export function tableHtml(table: Table): string {
  const title = table.title === undefined ? "" : `<p><b>${escapeHtml(table.title)}</b></p>\n`;
  const head = table.columns.map((column) => `<th${align(column)}>${escapeHtml(column.name)}</th>`).join("");
  const body = table.rows.map((row) =>
    row.kind === "section"
      ? `<tr><th colspan="${table.columns.length}"${LEFT}>${escapeHtml(row.title)}</th></tr>`
      : `<tr>${table.columns.map((column, i) => `<td${align(column)}${hover(row.cells[i])}>${cellHtml(row.cells[i])}</td>`).join("")}</tr>`,
  );
  const note = table.note === undefined ? "" : `\n<p><small>${escapeHtml(table.note)}</small></p>`;
  return `<div class="tslora-table">\n${title}<table class="dataframe">\n<thead><tr>${head}</tr></thead>\n<tbody>\n${body.join("\n")}\n</tbody>\n</table>${note}\n</div>`;
}

function align(column: TableColumn): string {
  return column.align === "right" ? RIGHT : LEFT;
}

function hover(cell: TableCell | undefined): string {
  return typeof cell === "object" && cell.hover !== undefined ? ` title="${escapeHtml(cell.hover)}"` : "";
}

function cellHtml(cell: TableCell | undefined): string {
  if (cell === undefined) return "";
  if (typeof cell === "string") return escapeHtml(cell);
  return escapeHtml(cell.text) + (cell.detail === undefined ? "" : `<br><small>${escapeHtml(cell.detail)}</small>`);
}
