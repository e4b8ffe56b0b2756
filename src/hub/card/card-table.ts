import { printableLine } from "../../base/printable";

/** A Markdown table; the first row is the heading. */
export function cardTable(rows: readonly (readonly string[])[]): string[] {
  const [heading = [], ...others] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.map(cellText).join(" | ")} |`;
  const rule = heading.map((_, column) => (column === 0 ? "---" : "---:"));
  return [line(heading), `| ${rule.join(" | ")} |`, ...others.map(line)];
}

/** A text of a file in Markdown: names of labels and data cannot add markup. */
export function cardText(text: string): string {
  return printableLine(text).replace(/[\\`*_{}[\]<>#|~!&]/g, (char) => (char === "<" ? "&lt;" : `\\${char}`));
}

/** Cells are texts or Markdown of our own; a bar would end them. */
function cellText(cell: string): string {
  return cell.replaceAll("\n", " ").replace(/(?<!\\)\|/g, "\\|");
}

/** A text as code within a line. */
export function cardCode(text: string): string {
  const line = printableLine(text);
  const fence = line.includes("`") ? "``" : "`";
  return line.includes("``") ? cardText(line) : `${fence}${fence === "``" ? ` ${line} ` : line}${fence}`;
}
