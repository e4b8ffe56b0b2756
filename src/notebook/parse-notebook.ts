import { createHash } from "node:crypto";

import { Ajv, type ErrorObject } from "ajv";

import { Problems } from "../base/problems";
import { TsloraError } from "../base/tslora-error";
import { isRecord, type JsonRecord } from "./json";
import { notebookSchema } from "./notebook-schema";
import type { Notebook } from "./notebook-types";
import { parseJson } from "./parse-json";

const validate = new Ajv({ allErrors: true, discriminator: true, strict: false }).compile(notebookSchema);

/**
 * Reads a notebook's text: nbformat 4.0 to 4.4 is brought to 4.5 (cells get ids that stay the same from run to run),
 * multi-line texts are joined, and the result is checked against the format.
 *
 * @param path - what messages call the file
 * @throws TsloraError `bad-input` for broken JSON (with line and column) or a notebook that breaks the format (with
 * the cell), `unsupported` for another major version.
 */
export function parseNotebook(text: string, path: string): Notebook {
  const value = parseJson(text, path);
  if (!isRecord(value) || !("nbformat" in value)) {
    throw new TsloraError("bad-input", `${path} is JSON, but not a notebook: it has no "nbformat". Give a .ipynb file.`, { details: { path } });
  }
  if (value.nbformat !== 4) {
    throw new TsloraError(
      "unsupported",
      `${path} is of nbformat ${JSON.stringify(value.nbformat)}; expected 4. Convert it with \`jupyter nbconvert --to notebook --nbformat 4\`, or open it in Jupyter Lab and save it.`,
      { details: { path, nbformat: value.nbformat } },
    );
  }
  const upgraded = upgrade(value);
  checkNotebook(upgraded, path);
  return joinTexts(upgraded) as unknown as Notebook; // its shape has just been checked
}

/**
 * Checks a notebook against nbformat 4.5.
 *
 * @throws TsloraError `bad-input` that lists every problem with its cell.
 */
export function checkNotebook(notebook: unknown, path: string): void {
  const problems = new Problems(`${path} is not a valid notebook`);
  if (!validate(notebook)) for (const error of validate.errors ?? []) problems.expect(false, describe(error));
  const ids = new Set<unknown>();
  for (const [index, cell] of cellsOf(notebook).entries()) {
    problems.expect(!ids.has(cell.id), `cell ${index + 1} has the id ${JSON.stringify(cell.id)} of an earlier cell`);
    ids.add(cell.id);
  }
  problems.throwIfAny("bad-input");
}

function describe(error: ErrorObject): string {
  const path = error.instancePath.split("/").slice(1);
  const where = path[0] === "cells" && path.length > 1 ? [`cell ${Number(path[1]) + 1}`, ...path.slice(2)] : path;
  const extra = typeof error.params.additionalProperty === "string" ? ` (${error.params.additionalProperty})` : "";
  return `${where.join(", ") || "the notebook"}: ${error.message ?? error.keyword}${extra}`;
}

function upgrade(notebook: JsonRecord): JsonRecord {
  const minor = typeof notebook.nbformat_minor === "number" ? notebook.nbformat_minor : 0;
  if (minor >= 5) return notebook;
  const taken = new Set(cellsOf(notebook).map((cell) => cell.id));
  const cells = cellsOf(notebook).map((cell, index) => ("id" in cell ? cell : { ...cell, id: stableId(cell, index, taken) }));
  return { ...notebook, nbformat_minor: 5, cells };
}

/** An id from what the cell says and where it stands, so that the same old notebook gets the same ids in every run. */
function stableId(cell: JsonRecord, index: number, taken: Set<unknown>): string {
  for (let salt = 0; ; salt++) {
    const id = createHash("sha256").update(JSON.stringify([cell.source, index, salt])).digest("hex").slice(0, 8);
    if (!taken.has(id)) {
      taken.add(id);
      return id;
    }
  }
}

function cellsOf(notebook: unknown): JsonRecord[] {
  return isRecord(notebook) && Array.isArray(notebook.cells) ? notebook.cells.filter(isRecord) : [];
}

function joinTexts(notebook: JsonRecord): JsonRecord {
  const cells = cellsOf(notebook).map((cell) => ({
    ...cell,
    source: joined(cell.source),
    ...(Array.isArray(cell.outputs) && { outputs: cell.outputs.filter(isRecord).map(joinOutput) }),
    ...(isRecord(cell.attachments) && { attachments: mapValues(cell.attachments, (bundle) => (isRecord(bundle) ? joinBundle(bundle) : bundle)) }),
  }));
  return { ...notebook, cells };
}

function joinOutput(output: JsonRecord): JsonRecord {
  return {
    ...output,
    ...("text" in output && { text: joined(output.text) }),
    ...(isRecord(output.data) && { data: joinBundle(output.data) }),
  };
}

function joinBundle(bundle: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(bundle).map(([mime, value]) => [mime, isJsonMime(mime) ? value : joined(value)]));
}

/** Whether a MIME type holds JSON, which is kept as a value and never as lines of text. */
function isJsonMime(mime: string): boolean {
  return /^application\/(.*\+)?json$/.test(mime);
}

function joined(text: unknown): unknown {
  return Array.isArray(text) ? text.join("") : text;
}

function mapValues(record: JsonRecord, change: (value: unknown) => unknown): JsonRecord {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
