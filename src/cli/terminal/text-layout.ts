import { printable, printableLine } from "../../base/printable";
import { measureColumns } from "../../figures/tables/measure-columns";
import { styled, type Terminal } from "./terminal";

/** Lines of names and values: names in one column, long values wrapped at blanks and indented. */
export function factLines(rows: readonly (readonly [name: string, value: string])[], terminal: Terminal): string[] {
  const shown = rows.map(([name, value]) => [printableLine(name), printable(value)] as const);
  const nameWidth = Math.max(0, ...shown.map(([name]) => measureColumns(name)));
  const width = Math.max(20, (terminal.out.columns || 100) - nameWidth - 4);
  const padded = (name: string): string => name + " ".repeat(nameWidth - measureColumns(name));
  return shown.flatMap(([name, value]) =>
    wrap(value, width).map(
      (line, i) => `  ${i === 0 ? styled(terminal, "dim", padded(name)) : " ".repeat(nameWidth)}  ${line}`,
    ),
  );
}

/** Wraps a text at blanks into lines of at most `width` characters; a longer word is not broken. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = "";
    for (const word of paragraph.split(" ")) {
      if (line !== "" && measureColumns(line) + 1 + measureColumns(word) > width) {
        lines.push(line);
        line = word;
      } else {
        line = line === "" ? word : `${line} ${word}`;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** Formats a sentence for a stream: wrapped at blanks on a terminal, otherwise one line. Escapes control characters. */
export function sentence(text: string, stream: { readonly isTTY?: boolean; readonly columns?: number }): string {
  return stream.isTTY === true && stream.columns !== undefined && stream.columns > 0
    ? wrap(printable(text), stream.columns).join("\n")
    : printable(text);
}

/** Formats a number of bytes. */
export function bytes(count: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let at = 0;
  let size = count;
  for (; size >= 1000 && at < units.length - 1; at++) size /= 1000;
  return at === 0 ? `${count} B` : `${size.toFixed(1)} ${units[at]}`;
}

/** A number in groups of three digits. */
export function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
