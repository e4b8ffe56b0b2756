import { readFile } from "node:fs/promises";

import { stripAnsi } from "../../notebook/page/ansi";
import { failedLine, locateSource } from "../../notebook/run/locate-source";
import type { CellReport } from "../../notebook/run/run-events";
import { differenceText, type RunResult } from "../../notebook/run/run-reports";

/** An annotation's place and text. */
interface Annotation {
  readonly title: string;
  readonly message: string;
  readonly line?: number;
}

/**
 * Lists failures in the format that GitHub Actions reads from a log and shows at the line of the file: `::error
 * file=a.ipynb,line=12,title=…::message`.
 *
 * @param shown - the file's path from the repository's root
 */
export async function annotationLines(result: RunResult, shown: string): Promise<string[]> {
  const { path, summary, error, differences = [] } = result;
  const text = await readFile(path, "utf8").catch(() => "");
  const cells = summary?.cells ?? [];
  const place = (cell: CellReport, line: number): { line?: number } => {
    const found = locateSource(text, cell.source, {
      line,
      earlier: cells.filter(({ number }) => number < cell.number).map(({ source }) => source),
    });
    return found === undefined ? {} : { line: found };
  };
  const annotations: Annotation[] = cells.flatMap((cell) => {
    const { outcome } = cell;
    const own = differences.filter(({ number }) => number === cell.number);
    if ("error" in outcome)
      return [
        {
          title: `cell ${cell.number}: ${outcome.error.ename}`,
          message: [outcome.error.evalue, ...outcome.error.traceback.slice(0, 30)].join("\n"),
          ...place(cell, failedLine(cell)),
        },
      ];
    if (own.length > 0)
      return [
        {
          title: `cell ${cell.number}: other outputs than saved`,
          message: own.map(differenceText).join("\n"),
          ...place(cell, 1),
        },
      ];
    return [];
  });
  if (error !== undefined) annotations.push({ title: "not run", message: error.message });
  return annotations.map(({ title, message, line }) => {
    const place = line === undefined ? "" : `,line=${line}`;
    return `::error file=${property(shown)}${place},title=${property(title)}::${data(message)}`;
  });
}

function data(text: string): string {
  return stripAnsi(text).replace(/%/g, "%25").replace(/\r/g, "%0D").replace(/\n/g, "%0A");
}

function property(text: string): string {
  return data(text).replace(/:/g, "%3A").replace(/,/g, "%2C");
}
