import { printableLine } from "../../base/printable";
import { measureColumns } from "../../figures/tables/measure-columns";
import { stripAnsi } from "../../notebook/page/ansi";

/** The width to fit text to: the terminal's; undefined for a file or a pipe. */
export function widthOf(stream: { readonly isTTY?: boolean; readonly columns?: number }): number | undefined {
  return stream.isTTY === true && stream.columns !== undefined && stream.columns > 0 ? stream.columns : undefined;
}

/**
 * Fits text to a terminal's width. Breaks sentences between words. Splits a table with a rule below its head into
 * blocks of columns, each with the first column, as pandas does. Does not break other lines that are aligned with
 * blanks.
 *
 * @param width - in columns; undefined leaves the text as it is
 */
export function fitText(text: string, width: number | undefined): string {
  if (width === undefined) return text;
  const lines = text.split("\n");
  const rule = lines.findIndex((line) => /^─+(?: {2}─+)+$/.test(line));
  if (rule < 1 || measureColumns(lines[rule]) <= width) return lines.flatMap((line) => fitLine(line, width)).join("\n");
  const end = lines.findIndex((line, at) => at > rule && line === "");
  const table = lines.slice(rule - 1, end < 0 ? undefined : end);
  const before = lines.slice(0, rule - 1).flatMap((line) => fitLine(line, width));
  const after = end < 0 ? [] : lines.slice(end).flatMap((line) => fitLine(line, width));
  return [...before, ...fitTable(table, width), ...after].join("\n");
}

/**
 * Fits data into one line of a terminal, which a redraw erases: cuts it at the width, writes tabs as blanks, and
 * escapes control characters.
 *
 * @param width - in columns
 */
export function fitOneLine(text: string, width: number): string {
  const line = printableLine(text.replaceAll("\t", " "));
  let columns = 0;
  let at = 0;
  let end = 0; // where the part ends that leaves room for an ellipsis
  for (const character of line) {
    columns += measureColumns(character);
    if (columns > width) return `${line.slice(0, end)}…`;
    at += character.length;
    if (columns < width) end = at;
  }
  return line;
}

/** Breaks a line between words; the continuation has the indent of the line. */
function fitLine(line: string, width: number): string[] {
  if (columnsOf(line) <= width) return [line];
  const indent = /^[ ▌]*/.exec(line)?.[0] ?? "";
  const rest = line.slice(indent.length);
  if (/\S {2,}\S/.test(stripAnsi(rest))) return [line]; // aligned with blanks
  const lines: string[] = [];
  let current = "";
  for (const word of rest.split(" ")) {
    const longer = current === "" ? word : `${current} ${word}`;
    if (current !== "" && columnsOf(indent + longer) > width) {
      lines.push(indent + current);
      current = word;
    } else current = longer;
  }
  return [...lines, indent + current];
}

/** Splits a table (head, rule, rows) into blocks of columns that fit. */
function fitTable([head, rule, ...rows]: readonly string[], width: number): string[] {
  const widths = rule.split("  ").map((part) => part.length);
  const [first, ...others] = widths.map((_, column) => column);
  const blocks: number[][] = [];
  let block: number[] = [];
  const broad = (columns: readonly number[]): number =>
    [first, ...columns].reduce((sum, column) => sum + widths[column] + 2, -2);
  for (const column of others) {
    if (block.length > 0 && broad([...block, column]) > width) {
      blocks.push(block);
      block = [];
    }
    block.push(column);
  }
  blocks.push(block);
  const cells = rows.map((line) => cellsOf(line, widths));
  const end = cells.findLastIndex((row) => row !== undefined) + 1; // notes follow the last row
  const cut = [cellsOf(head, widths), ...cells.slice(0, end)];
  const notes = rows.slice(end).flatMap((line) => fitLine(line, width));
  const laid = blocks.flatMap((columns, at) => {
    const shown = [first, ...columns];
    const lay = (cells: readonly string[]): string =>
      shown
        .map((column) => cells[column] ?? "")
        .join("  ")
        .trimEnd();
    const [top, ...body] = cut.map((row, line) => (row === undefined ? [head, ...rows][line] : lay(row)));
    const drawn = shown.map((column) => "─".repeat(widths[column])).join("  ");
    const all = [top, drawn, ...body];
    return [...(at === 0 ? [] : [""]), ...all.flatMap((text) => fitLine(text, width))];
  });
  return [...laid, ...notes];
}

/** Splits a line into cells by the columns' widths; undefined for a heading or a note, which spans columns. */
function cellsOf(line: string, widths: readonly number[]): string[] | undefined {
  const characters = [...line];
  const cells: string[] = [];
  let at = 0;
  for (const [column, width] of widths.entries()) {
    let cell = "";
    while (at < characters.length && measureColumns(cell + characters[at]) <= width) cell += characters[at++];
    cells.push(cell + " ".repeat(Math.max(0, width - measureColumns(cell))));
    if (column === widths.length - 1) break;
    const gap = characters.slice(at, at + 2).join("");
    if (gap.trim() !== "") return undefined;
    at += 2;
  }
  return at < characters.length ? undefined : cells;
}

function columnsOf(line: string): number {
  return measureColumns(stripAnsi(line));
}
