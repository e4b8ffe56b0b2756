import { measureColumns } from "./measure-columns";
import type { Table, TableCell } from "../types";

/** A table as text for a terminal or a log, with aligned columns and numbers at the right. */
export function tableText(table: Table): string {
  const aligns = table.columns.map((column) => column.align ?? "left");
  const cells = table.rows.flatMap((row) => (row.kind === "cells" ? [row.cells.map(cellText)] : []));
  const lines = layTextTable(
    table.columns.map(({ name, group }) => (group === undefined ? name : `${name}, ${group.toLowerCase()}`)),
    cells,
    aligns,
  ).split("\n");
  const body: string[] = [];
  let next = 2; // the header and its rule come first
  for (const row of table.rows) body.push(row.kind === "section" ? oneLine(row.title) : lines[next++]);
  const head = table.columns.every((column) => column.name === "") ? [] : lines.slice(0, 2);
  return [
    ...(table.title === undefined ? [] : [oneLine(table.title)]),
    ...head,
    ...body,
    ...(table.note === undefined ? [] : [table.note]),
  ].join("\n");
}

/** Formats a header, a rule and rows in columns that are as wide as their widest cell. */
export function layTextTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  aligns: readonly ("left" | "right")[],
): string {
  const all = [header, ...rows].map((row) => row.map(oneLine));
  const widths = header.map((_, column) => Math.max(1, ...all.map((row) => measureColumns(row[column] ?? ""))));
  const lay = (row: readonly string[]): string =>
    widths
      .map((width, column) => {
        const text = row[column] ?? "";
        const blanks = " ".repeat(width - measureColumns(text));
        return aligns[column] === "right" ? blanks + text : text + blanks;
      })
      .join("  ")
      .trimEnd();
  return [lay(all[0]), widths.map((width) => "─".repeat(width)).join("  "), ...all.slice(1).map(lay)].join("\n");
}

function cellText(cell: TableCell): string {
  if (typeof cell === "string") return cell;
  return cell.detail === undefined ? cell.text : `${cell.text} ${cell.detail}`;
}

/** Replaces control characters, including terminal escape sequences, and line ends by blanks. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, " ");
}
