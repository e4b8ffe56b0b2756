import { existsSync, readFileSync } from "node:fs";
import { SourceMap, type SourceMapPayload } from "node:module";
import { isAbsolute, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";

import type { Places } from "../base/places";
import { codeFrame } from "../notebook/tslab/error-output";
import type { TslabDiagnostic } from "../notebook/tslab/failures";
import type { CompiledCell } from "./compiled-cell";
import type { TextPosition } from "./source/text-edits";

/** An error in the form of the protocol. */
export interface CellError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: readonly string[];
}

/** Makes a text bold. Adds no colour: none is readable on the red background of errors in Jupyter Lab. */
const BOLD = (text: string): string => `\u001b[1m${text}\u001b[0m`;
const FRAME = /^\s+at (?:(.*) \()?(.*):(\d+):(\d+)\)?$/;
const MOST_FRAMES = 12;
/** A variable as compiled code names it, perhaps called. */
const SHARED_NAME = /\(0 ?, __cells__\.([\p{ID_Continue}$]+)\)|__cells__\.([\p{ID_Continue}$]+)/gu;

/** Maps an error's frames to cells. */
export interface CellErrorContext {
  /** The cell with an execution count, if this kernel ran it. */
  readonly cell: (number: number) => CompiledCell | undefined;
  readonly places: Pick<Places, "project" | "compiled">;
}

/**
 * Converts any thrown value to a Jupyter error: the failing lines of the cell, then the stack. The stack names cells
 * and their lines, files of the clone by paths from its root (Jupyter Lab makes them links), and the library's files by
 * their TypeScript source.
 */
export function cellError(thrown: unknown, context: CellErrorContext): CellError {
  if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
    const evalue = typeof thrown === "string" ? thrown : inspect(thrown);
    return { ename: "UncaughtValue", evalue, traceback: [`${BOLD("UncaughtValue")}: ${evalue}`] };
  }
  const ename = nameOf(thrown);
  // replace compiled expressions by the names that the cell's source uses
  const evalue = String(thrown.message).replace(SHARED_NAME, "$1$2");
  if (ename === "Interrupted") return { ename, evalue, traceback: [`${BOLD(ename)}: ${evalue}`] };
  return { ename, evalue, traceback: [`${BOLD(ename)}: ${evalue}`, ...stackLines(thrown, context)] };
}

/** Converts TypeScript's diagnostics for a cell that does not compile to a Jupyter error. */
export function compileError(
  problems: readonly TslabDiagnostic[],
  { number, source }: { readonly number: number; readonly source: string },
): CellError {
  const ename = "TypeScriptError";
  const where = ({ file, line, column }: TslabDiagnostic): string =>
    `${file === undefined ? "" : `${file}, `}line ${line}, column ${column}`;
  const [first] = problems;
  const evalue = `${where(first)}: ${first.message}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ""}`;
  const lines = problems.flatMap((problem) => [
    `${problem.file === undefined ? `In [${number}], ` : ""}${where(problem)}: ${problem.message}`,
    ...(problem.file === undefined ? codeFrame(source, problem).map(markLine) : []),
  ]);
  return { ename, evalue, traceback: [`${BOLD(ename)}: In [${number}] does not compile`, ...lines] };
}

interface ErrorLike {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly cause?: unknown;
}

/** Whether a value is an error, possibly of another context (`vm`), where `instanceof Error` is false. */
function isErrorLike(value: unknown): value is ErrorLike {
  return (
    typeof value === "object" &&
    value !== null &&
    "message" in value &&
    "stack" in value &&
    typeof value.stack === "string"
  );
}

function nameOf(error: ErrorLike): string {
  const constructor = (error as object).constructor as { name?: string } | undefined;
  const name = typeof error.name === "string" && error.name !== "" ? error.name : "Error";
  return name === "Error" && constructor?.name !== undefined && constructor.name !== "" ? constructor.name : name;
}

function stackLines(error: ErrorLike, context: CellErrorContext, depth = 0): string[] {
  const frames: string[] = [];
  let place: { cell: CompiledCell; position: TextPosition } | undefined;
  for (const line of (typeof error.stack === "string" ? error.stack : "").split("\n")) {
    const match = FRAME.exec(line);
    if (match === null) continue;
    const [, name, written, row, column] = match;
    const file = written.replace(/^async /, "");
    const at = { line: Number(row), column: Number(column) };
    const number = /^cell:(\d+)$/.exec(file)?.[1];
    if (number === undefined) {
      const where = shownFile(file, at, context.places);
      if (where !== undefined) frames.push(frame(name, where));
      continue;
    }
    const cell = context.cell(Number(number));
    const position = cell?.locate(at);
    if (cell === undefined || position === undefined) continue; // code that was added around the cell's code
    place ??= { cell, position };
    frames.push(frame(name, `In [${number}], line ${position.line}, column ${position.column}`));
  }
  const shown =
    frames.length > MOST_FRAMES
      ? [...frames.slice(0, MOST_FRAMES - 1), `    … and ${frames.length - MOST_FRAMES + 1} more`]
      : frames;
  const heading =
    place === undefined
      ? []
      : [
          `In [${place.cell.number}], line ${place.position.line}:`,
          ...codeFrame(place.cell.source, place.position).map(markLine),
        ];
  return [...heading, ...shown, ...causeLines(error, context, depth)];
}

function causeLines(error: ErrorLike, context: CellErrorContext, depth: number): string[] {
  const causes = [
    ...(error.cause === undefined ? [] : [error.cause]),
    ...("errors" in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : []),
  ];
  if (depth >= 4) return [];
  return causes.slice(0, 4).flatMap((cause) => {
    if (!isErrorLike(cause)) return [`Caused by: ${inspect(cause)}`];
    return [`Caused by: ${BOLD(nameOf(cause))}: ${cause.message}`, ...stackLines(cause, context, depth + 1)];
  });
}

function frame(name: string | undefined, where: string): string {
  const shown = name?.replace(/^(async )?(?:Proxy|Object)\./, "$1"); // exports of a cell are called on tslab's proxy
  return shown === undefined || shown === "<anonymous>" ? `    at ${where}` : `    at ${shown} (${where})`;
}

function markLine(line: string): string {
  return line.startsWith(">") ? BOLD(line) : line;
}

/** A file's path as the stack shows it; undefined for files of Node, tslab and this kernel. */
function shownFile(
  file: string,
  at: TextPosition,
  { project, compiled }: CellErrorContext["places"],
): string | undefined {
  const path = file.startsWith("file:") ? fileURLToPath(file) : file;
  if (
    !isAbsolute(path) ||
    path.startsWith(__dirname) ||
    /[\\/]node_modules[\\/]tslab[\\/]|[\\/]rearm-sigint\.js$/.test(path)
  )
    return undefined;
  const source = sourcePlace(path, at, compiled);
  const inside = relative(project, path);
  if (source !== undefined) return source;
  return `${inside.startsWith("..") || isAbsolute(inside) ? path : `./${inside}`}:${at.line}:${at.column}`;
}

const maps = new Map<string, SourceMap>();

/** The line of `src` from which a line of the package was compiled. */
function sourcePlace(path: string, { line, column }: TextPosition, compiled: string): string | undefined {
  if (!path.startsWith(compiled) || !existsSync(`${path}.map`)) return undefined;
  const map = maps.get(path) ?? new SourceMap(JSON.parse(readFileSync(`${path}.map`, "utf8")) as SourceMapPayload);
  maps.set(path, map);
  const entry = map.findEntry(line - 1, column - 1);
  if (!("originalLine" in entry)) return undefined;
  // the map was written in another folder, so its relative path is not valid here
  return `${entry.originalSource.replace(/^(?:\.\.?\/)*/, "./")}:${entry.originalLine + 1}:${entry.originalColumn + 1}`;
}
