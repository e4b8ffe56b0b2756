import { escapeHtml } from "../../figures/escape";
import { formatNumber } from "../../figures/format";
import type { ReportCell, ReportColumn, ReportTable } from "../report-section";
import { cellText, inlineText } from "./inline-text";

/** A table with at least so many columns may be wider than the page, and scrolls. */
const WIDE = 4;
/** A table with at least so many columns has smaller print. */
const VERY_WIDE = 8;
/** A cell with at least so many characters keeps some width on a narrow page. */
const LONG = 40;

/** A table as HTML, with a caption and headings of columns and rows. */
export function tableHtml({ caption, columns, rows, note, folded = false }: ReportTable, id: string): string {
  const name = `${escapeHtml(id)}-caption`;
  const scroll =
    columns.length >= WIDE ? `class="scroll" role="group" tabindex="0" aria-labelledby="${name}"` : `class="scroll"`;
  const head = columns.map((column) => `<th scope="col"${alignment(column)}>${escapeHtml(column.name)}</th>`).join("");
  const body = rows.map(
    (row) => `<tr>${columns.map((column, at) => cellHtml(row[at] ?? null, column, at)).join("")}</tr>`,
  );
  const table = `<div ${scroll}><table id="${escapeHtml(id)}"${columns.length >= VERY_WIDE ? ' class="wide"' : ""}>
<caption id="${name}"${folded ? ' class="folded"' : ""}>${inlineText(caption)}</caption>
<thead><tr>${head}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table></div>${note === undefined ? "" : `\n<p class="note">${inlineText(note)}</p>`}`;
  return folded ? `<details><summary>${inlineText(caption)}</summary>\n${table}\n</details>` : table;
}

function cellHtml(cell: ReportCell, column: ReportColumn, at: number): string {
  const [tag, scope] = at === 0 ? ["th", ' scope="row"'] : ["td", ""];
  const long = tag === "td" && typeof cell === "string" && cell.length >= LONG && column.align !== "right";
  return `<${tag}${scope}${long ? ' class="long"' : alignment(column)}>${contentHtml(cell, column)}</${tag}>`;
}

function contentHtml(cell: ReportCell, { digits }: ReportColumn): string {
  if (cell === null) return "–";
  if (typeof cell === "number") return escapeHtml(formatNumber(cell, digits));
  if (typeof cell === "string") return cellText(cell);
  return `${cellText(cell.text)}<small>${escapeHtml(cell.detail)}</small>`;
}

function alignment({ align }: ReportColumn): string {
  return align === "right" ? ' class="number"' : "";
}
