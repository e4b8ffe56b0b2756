import { stripAnsi } from "../page/ansi";
import type { CellReport } from "./run-events";

/** Finds the line at which a cell failed, counted from 1, in its traceback; 1 if the traceback has none. */
export function failedLine({ number, source, outcome }: CellReport): number {
  if (!("error" in outcome)) return 1;
  const lines = outcome.error.traceback.flatMap((part) => stripAnsi(part).split("\n"));
  const places = [
    new RegExp(`\\bcell ${number}, line (\\d+)`), // tslab's, mapped
    /^> +(\d+) \|/, // a frame around it
    /^-+> +(\d+) /, // IPython's arrow
    new RegExp(`\\[${number}\\], line (\\d+)`),
    /\(line (\d+)\)$|, line (\d+)$/, // a SyntaxError
  ];
  for (const pattern of places) {
    const match = lines.map((line) => pattern.exec(line)).find((found) => found !== null);
    const line = Number(match?.[1] ?? match?.[2]);
    if (line >= 1 && line <= source.split("\n").length) return line;
  }
  return 1;
}

/**
 * The line of a notebook file, from 1, that holds a line of a cell's source. Reads files as nbformat writes them, each
 * line of source on its own line; undefined for others.
 *
 * @param text - the file's
 * @param earlier - the sources of the cells before, which may be equal
 */
export function locateSource(
  text: string,
  source: string,
  { line, earlier }: { line: number; earlier: readonly string[] },
): number | undefined {
  const wanted = source
    .split("\n")
    .map((part, at, all) => (at < all.length - 1 ? `${JSON.stringify(`${part}\n`)},` : JSON.stringify(part)));
  if (wanted.at(-1) === '""') wanted.pop();
  if (wanted.length === 0) return undefined;
  const lines = text.split("\n").map((part) => part.trim());
  const last = wanted.length - 1;
  const same = (got: string | undefined, at: number): boolean =>
    got === wanted[at] ||
    (at === last && got === wanted[at].replace(/,$/, "").replace(/"$/, '\\n"')) ||
    (at === last && got === wanted[at].replace(/,$/, ""));
  let skip = earlier.filter((other) => other === source).length;
  for (let start = 0; start + last < lines.length; start++) {
    if (!wanted.every((_, at) => same(lines[start + at], at))) continue;
    // the text of an output
    if (!lines.slice(Math.max(0, start - 1), start).some((before) => before.startsWith('"source"'))) continue;
    if (skip-- === 0) return start + Math.min(line, wanted.length);
  }
  return undefined;
}
