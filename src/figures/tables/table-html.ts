import { escapeHtml } from "../escape";
import type { Table, TableCell, TableCellDetail, TableColumn } from "../types";

/** Numbers, intervals and names in the first column with at most this many characters are not wrapped. */
const KEPT_IN_ONE_LINE = 32;

/**
 * A table as HTML that looks like pandas' data frames: it uses the page's own colours and styles (of Jupyter or a code
 * host), light or dark. Escapes every text.
 */
export function tableHtml(table: Table): string {
  const title = table.title === undefined ? "" : `<p><b>${escapeHtml(table.title)}</b></p>\n`;
  const body = table.rows.map((row) =>
    row.kind === "section"
      ? `<tr><th colspan="${table.columns.length}" style="text-align:left">${escapeHtml(row.title)}</th></tr>`
      : `<tr>${table.columns.map((column, i) => cellHtml(column, row.cells[i] ?? "", i === 0)).join("")}</tr>`,
  );
  const note = table.note === undefined ? "" : `\n<p><small>${escapeHtml(table.note)}</small></p>`;
  return `<div class="tslora-table">\n${title}<table class="dataframe">\n${headHtml(table.columns)}<tbody>\n${body.join("\n")}\n</tbody>\n</table>${note}\n</div>`;
}

function headHtml(columns: readonly TableColumn[]): string {
  if (columns.every((column) => column.name === "")) return "";
  const names = columns
    .map((column) => `<th style="text-align:${column.align ?? "left"}">${escapeHtml(column.name)}</th>`)
    .join("");
  return `<thead>${groupsHtml(columns)}<tr>${names}</tr></thead>\n`;
}

/** The row of headings that columns share, if any do. */
function groupsHtml(columns: readonly TableColumn[]): string {
  if (columns.every((column) => column.group === undefined)) return "";
  const runs: { group: string; span: number }[] = [];
  for (const { group = "" } of columns) {
    const last = runs.at(-1);
    if (last !== undefined && last.group === group) last.span++;
    else runs.push({ group, span: 1 });
  }
  return `<tr>${runs.map(({ group, span }) => `<th colspan="${span}" style="text-align:center">${escapeHtml(group)}</th>`).join("")}</tr>`;
}

function cellHtml(column: TableColumn, cell: TableCell, isFirst: boolean): string {
  const { text, detail, hover }: TableCellDetail = typeof cell === "string" ? { text: cell } : cell;
  const whole = (isFirst || column.align === "right") && text.length <= KEPT_IN_ONE_LINE;
  const style = `text-align:${column.align ?? "left"}${whole ? ";white-space:nowrap" : ""}${hover === undefined ? "" : ";cursor:help"}`;
  const title = hover === undefined ? "" : ` title="${escapeHtml(hover)}"`;
  return `<td style="${style}"${title}>${escapeHtml(text)}${detail === undefined ? "" : `<br><small>${escapeHtml(detail)}</small>`}</td>`;
}
