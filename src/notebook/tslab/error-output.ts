import type { ErrorOutput } from "../format/notebook-types";
import type { ExecutedCell } from "../jupyter/kernel-dialect";
import type { TslabFailure } from "./failures";
import { tslabSourceMap, type CellPosition, type TslabSourceMap } from "./source-map";

/**
 * Converts a failure of tslab to a Jupyter error: the lines around the failing one, and a stack that names cells and
 * lines, without tslab's own frames.
 *
 * @param cells - the cells executed so far, the failed one last
 */
export function tslabErrorOutput(failure: TslabFailure, cells: readonly ExecutedCell[]): ErrorOutput {
  const cell = cells.at(-1) ?? { number: 0, source: "" };
  if (failure.kind === "diagnostics") {
    const [first] = failure.problems;
    const more = failure.problems.length > 1 ? ` (and ${failure.problems.length - 1} more)` : "";
    const file = first.file === undefined ? "" : `${first.file}, `;
    const evalue = `${file}line ${first.line}, column ${first.column}: ${first.message}${more}`;
    const traceback = failure.problems.flatMap((problem) => {
      const where = `${problem.file ?? `cell ${cell.number}`}, line ${problem.line}, column ${problem.column}`;
      return [`${where}: ${problem.message}`, ...(problem.file === undefined ? codeFrame(cell.source, problem) : [])];
    });
    return {
      output_type: "error",
      ename: "TypeScriptError",
      evalue,
      traceback: [`TypeScriptError: cell ${cell.number} does not compile`, ...traceback],
    };
  }
  const { frames, place } = mapFrames(failure.stack, cells);
  const head = `${failure.ename}: ${failure.evalue}`;
  const note = failure.unhandled ? ["(not awaited: thrown by code that ran in the background)"] : [];
  const frame = place === undefined ? [] : codeFrame(place.cell.source, place.position);
  return {
    output_type: "error",
    ename: failure.ename,
    evalue: failure.evalue,
    traceback: [head, ...note, ...frame, ...frames],
  };
}

/** The lines around a place, with the line marked and a caret under the column. */
export function codeFrame(source: string, { line, column }: CellPosition): string[] {
  const lines = source.split("\n");
  const first = Math.max(1, line - 2);
  const last = Math.min(lines.length, line + 2);
  const width = String(last).length;
  const frame: string[] = [];
  for (let at = first; at <= last; at++) {
    frame.push(`${at === line ? ">" : " "} ${String(at).padStart(width)} | ${lines[at - 1]}`);
    if (at === line) frame.push(`  ${" ".repeat(width)} | ${" ".repeat(Math.max(0, column - 1))}^`);
  }
  return frame;
}

const IN_CELL = /^(\s+at )(?:(.*) \()?evalmachine\.<anonymous>:(\d+):(\d+)\)?$/;
const OF_TSLAB = /^\s+at .*(?:[\\/]tslab[\\/]dist[\\/]|[\\/]rearm-sigint\.js:|\(?node:vm:)/;

interface Place {
  readonly cell: ExecutedCell;
  readonly position: CellPosition;
}

function mapFrames(
  stack: readonly string[],
  cells: readonly ExecutedCell[],
): { frames: string[]; place: Place | undefined } {
  const maps = new Map<ExecutedCell, TslabSourceMap>();
  const mapOf = (cell: ExecutedCell): TslabSourceMap => {
    const map =
      maps.get(cell) ??
      tslabSourceMap(
        cell.source,
        cells.slice(0, cells.indexOf(cell)).map(({ source }) => source),
      );
    maps.set(cell, map);
    return map;
  };
  let first: Place | undefined;
  const frames = stack.flatMap((line) => {
    // keeps the brace that opens an error's own fields
    if (OF_TSLAB.test(line)) return /\) \{$|\d \{$/.test(line) ? ["    {"] : [];
    const match = IN_CELL.exec(line);
    if (match === null) return [line];
    const place = locate({ name: match[2], line: Number(match[3]), column: Number(match[4]) }, cells, mapOf);
    // "})(": the call of the function that tslab wraps a cell in
    if (place === undefined) return match[2] === undefined && match[4] === "3" ? [] : [line];
    first ??= place;
    const where = `cell ${place.cell.number}, line ${place.position.line}, column ${place.position.column}`;
    return [`${match[1]}${match[2] === undefined ? where : `${match[2]} (${where})`}`];
  });
  return { frames, place: first };
}

/**
 * All cells run under one file name, so a frame does not name its cell. A frame of a named function belongs to the
 * latest cell that has a function of that name at the place, any other frame to the cell that ran.
 */
function locate(
  { name, line, column }: { name: string | undefined; line: number; column: number },
  cells: readonly ExecutedCell[],
  mapOf: (cell: ExecutedCell) => TslabSourceMap,
): Place | undefined {
  const called = name
    ?.replace(/^(?:async |new )+/, "")
    .replace(/ \[as .*\]$/, "")
    .split(".")
    .at(-1);
  for (const cell of [...cells].reverse()) {
    if (called === undefined || called === "<anonymous>") break;
    const position = mapOf(cell).locate(line, column);
    if (position !== undefined && mapOf(cell).functionsAt(position).includes(called)) return { cell, position };
  }
  const ran = cells.at(-1);
  const position = ran === undefined ? undefined : mapOf(ran).locate(line, column);
  return ran === undefined || position === undefined ? undefined : { cell: ran, position };
}
