import { cellProblems, notebookProblems, refuseNotebook } from "./check-format";
import type { Cell, MimeBundle, Notebook, Output } from "./notebook-types";
import { pythonJson } from "./python-json";
import { splitLines } from "./split-lines";
import { withoutKeys } from "./without-keys";

/** What nbformat strips at every reading and writing: it is about a notebook in an editor, not about the file. */
const TRANSIENT = ["orig_nbformat", "orig_nbformat_minor", "signature"];

/** Cells that were written before: a run saves again and again, and changes one of them each time. */
const written = new WeakMap<Cell, string>();

/**
 * A notebook as nbformat writes it: keys sorted, one blank of indent, texts as lists of lines, so that a saved copy
 * differs from one that Jupyter saved only where the content does. Checked against the format. Cells are taken to be
 * immutable: the text of one that was written before is not made again.
 *
 * @param path - what messages call the file
 * @throws TsloraError `bad-input` that lists every problem with its cell.
 */
export function serializeNotebook(notebook: Notebook, path: string): string {
  const { cells, ...rest } = { ...notebook, metadata: withoutKeys(notebook.metadata, TRANSIENT) };
  const problems = notebookProblems(rest, cells);
  const texts = cells.map((cell, index) => {
    const before = written.get(cell);
    if (before !== undefined) return before;
    const plain = plainCell(cell);
    const found = cellProblems(plain, index);
    problems.push(...found);
    const text = pythonJson(plain, 2);
    if (found.length === 0) written.set(cell, text);
    return text;
  });
  refuseNotebook(problems, path);
  const head = pythonJson(rest);
  // "cells" sorts before every other key of a notebook
  return `{\n "cells": ${texts.length === 0 ? "[]" : `[\n  ${texts.join(",\n  ")}\n ]`},${head.slice(1)}\n`;
}

function plainCell(cell: Cell): Record<string, unknown> {
  return {
    ...cell,
    metadata: withoutKeys(cell.metadata, ["trusted"]),
    source: splitLines(cell.source),
    ...(cell.cell_type === "code" && { outputs: cell.outputs.map(plainOutput) }),
    ...("attachments" in cell && cell.attachments !== undefined && { attachments: Object.fromEntries(Object.entries(cell.attachments).map(([name, bundle]) => [name, plainBundle(bundle)])) }),
  };
}

function plainOutput(output: Output): Record<string, unknown> {
  if (output.output_type === "stream") return { ...output, text: splitLines(output.text) };
  if (output.output_type === "error") return { ...output };
  return { ...withoutKeys(output, ["transient"]), data: plainBundle(output.data) };
}

function plainBundle(bundle: MimeBundle): Record<string, unknown> {
  return Object.fromEntries(Object.entries(bundle).map(([mime, value]) => [mime, typeof value === "string" && isText(mime) ? splitLines(value) : value]));
}

/** The types that nbformat writes as lines; others, such as base64, stay one string. */
function isText(mime: string): boolean {
  return mime.startsWith("text/") || mime === "image/svg+xml" || mime === "application/javascript";
}
