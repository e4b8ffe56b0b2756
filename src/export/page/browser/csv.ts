/** Cells that a spreadsheet would take for a formula. */
const FORMULA = /^[=+\-@\t\r](?!\d*\.?\d+$)/;

/** Rows as CSV, which spreadsheets open: a cell that begins like a formula gets an apostrophe. */
export function toCsv(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(cellOf).join(",")}\r\n`).join("");
}

function cellOf(value: string | number): string {
  const text = typeof value === "string" && FORMULA.test(value) ? `'${value}` : String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
