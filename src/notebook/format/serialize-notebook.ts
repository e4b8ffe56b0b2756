import { cellProblems, notebookProblems, refuseNotebook } from "./check-format";
import type { Cell, CodeCell, MimeBundle, Notebook, Output, StreamOutput } from "./notebook-types";
import { byCodePoint, pythonJson } from "./python-json";
import { splitLines } from "./split-lines";
import { withoutKeys } from "./without-keys";

/** Metadata that nbformat strips when it reads and writes; it describes the notebook in an editor. */
const TRANSIENT = ["orig_nbformat", "orig_nbformat_minor", "signature"];

/** Characters of the longest serialized cell that is cached for the next save. */
const KEPT = 1 << 18;

/** Texts of cells that were written before: a run saves often, and changes one cell each time. */
const written = new WeakMap<Cell, string>();
/** Cells that were found valid. */
const valid = new WeakSet<Cell>();

/**
 * A notebook as nbformat writes it: keys sorted, an indent of one blank, texts as lists of lines. Jupyter writes the
 * same bytes for the same content. Checks the notebook against the format. Cells must be immutable, since the text of a
 * written cell is cached.
 *
 * @param path - the file's name in messages
 * @throws TsloraError `bad-input` that lists every problem with its cell.
 */
export function serializeNotebook(notebook: Notebook, path: string): string {
  return [...notebookParts(notebook, path)].join("");
}

/**
 * The same in parts: a notebook may be longer than the longest string, and its text is never in memory as a whole. The
 * whole notebook is checked before the first part.
 */
export function* notebookParts(notebook: Notebook, path: string): Generator<string, void, undefined> {
  const { cells, ...rest } = { ...notebook, metadata: withoutKeys(notebook.metadata, TRANSIENT) };
  const problems = notebookProblems(rest, cells);
  for (const [index, cell] of cells.entries()) {
    if (valid.has(cell)) continue;
    const found = cellProblems(checkedCell(cell), index);
    problems.push(...found);
    if (found.length === 0) valid.add(cell);
  }
  refuseNotebook(problems, path);
  // "cells" sorts before every other key of a notebook
  yield `{\n "cells": ${cells.length === 0 ? "[]" : "[\n  "}`;
  for (const [index, cell] of cells.entries()) {
    if (index > 0) yield ",\n  ";
    yield* cellParts(cell);
  }
  yield `${cells.length === 0 ? "" : "\n ]"},${pythonJson(rest).slice(1)}\n`;
}

function* cellParts(cell: Cell): Generator<string, void, undefined> {
  const before = written.get(cell);
  if (before !== undefined) return yield before;
  let kept: string[] | undefined = [];
  let size = 0;
  for (const part of freshParts(cell)) {
    size += part.length;
    if (size > KEPT) kept = undefined;
    kept?.push(part);
    yield part;
  }
  if (kept !== undefined) written.set(cell, kept.join(""));
}

function* freshParts(cell: Cell): Generator<string, void, undefined> {
  const plain = plainCell(cell);
  yield* fields(plain, 2, (key) => (key === "outputs" && cell.cell_type === "code" ? outputsParts(cell) : undefined));
}

/** An object as {@link pythonJson} writes it, with fields that are written in parts. */
function* fields(
  record: Readonly<Record<string, unknown>>,
  depth: number,
  parts: (key: string) => Iterable<string> | undefined,
): Generator<string, void, undefined> {
  const keys = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort(byCodePoint);
  const indent = `\n${" ".repeat(depth + 1)}`;
  for (const [at, key] of keys.entries()) {
    yield `${at === 0 ? "{" : ","}${indent}${JSON.stringify(key)}: `;
    const own = parts(key);
    if (own === undefined) yield pythonJson(record[key], depth + 1);
    else yield* own;
  }
  yield keys.length === 0 ? "{}" : `\n${" ".repeat(depth)}}`;
}

function* outputsParts({ outputs }: CodeCell): Generator<string, void, undefined> {
  if (outputs.length === 0) return yield "[]";
  for (let at = 0; at < outputs.length;) {
    yield at === 0 ? "[\n    " : ",\n    ";
    const output = outputs[at++];
    if (output.output_type !== "stream") {
      yield pythonJson(plainOutput(output), 4);
      continue;
    }
    const pieces = [output.text];
    for (let next = outputs[at]; at < outputs.length && isContinued(next); next = outputs[at]) {
      pieces.push(next.text);
      at++;
    }
    yield* fields({ ...withoutKeys(output, ["continued"]) }, 4, (key) =>
      key === "text" ? linesParts(pieces) : undefined,
    );
  }
  yield "\n   ]";
}

function isContinued(output: Output): output is StreamOutput {
  return output.output_type === "stream" && output.continued === true;
}

/** The lines of a stream's text as a list; a line may continue in the next piece. */
function* linesParts(pieces: readonly string[]): Generator<string, void, undefined> {
  let first = true;
  let open = false;
  for (const [at, piece] of pieces.entries()) {
    const lines = splitLines(piece);
    const parts = lines.map((line, index) => {
      const quoted = JSON.stringify(line).slice(1, -1);
      const start = open ? "" : `${first ? "[" : ","}\n      "`;
      first = false;
      open = at < pieces.length - 1 && index === lines.length - 1 && !line.endsWith("\n");
      return `${start}${quoted}${open ? "" : '"'}`;
    });
    yield parts.join("");
  }
  yield `${open ? '"' : ""}${first ? "[]" : "\n     ]"}`;
}

/** A cell as the format's schema sees it: texts may be strings or lists of lines. */
function checkedCell(cell: Cell): Record<string, unknown> {
  const outputs =
    cell.cell_type === "code"
      ? cell.outputs.map((output) => withoutKeys(output, ["transient", "continued"]))
      : undefined;
  return { ...cell, metadata: withoutKeys(cell.metadata, ["trusted"]), ...(outputs !== undefined && { outputs }) };
}

/** A cell as it is written, without its outputs. */
function plainCell(cell: Cell): Record<string, unknown> {
  return {
    ...cell,
    metadata: withoutKeys(cell.metadata, ["trusted"]),
    source: splitLines(cell.source),
    ...("attachments" in cell &&
      cell.attachments !== undefined && {
        attachments: Object.fromEntries(
          Object.entries(cell.attachments).map(([name, bundle]) => [name, plainBundle(bundle)]),
        ),
      }),
  };
}

function plainOutput(output: Exclude<Output, StreamOutput>): Record<string, unknown> {
  if (output.output_type === "error") return { ...output };
  return { ...withoutKeys(output, ["transient"]), data: plainBundle(output.data) };
}

function plainBundle(bundle: MimeBundle): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(bundle).map(([mime, value]) => [
      mime,
      typeof value === "string" && isText(mime) ? splitLines(value) : value,
    ]),
  );
}

/** The types that nbformat writes as lines; others, such as base64, stay one string. */
function isText(mime: string): boolean {
  return mime.startsWith("text/") || mime === "image/svg+xml" || mime === "application/javascript";
}
