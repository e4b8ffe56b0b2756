import { existsSync } from "node:fs";
import { join } from "node:path";

import type { ErrorObject } from "ajv";

import { Problems } from "../../base/problems";
import type * as CompileValidators from "./compile-validators";
import type { Validators } from "./compile-validators";
import { isRecord, type JsonRecord } from "../../base/json";
import { shownValue } from "../../base/shown-value";

let loaded: Validators | undefined;

/**
 * Loads the validators at their first use: the ones compiled at set-up, else compiles them here. A program that checks
 * no notebook does not load them.
 */
function validators(): Validators {
  if (loaded === undefined) {
    const ready = join(__dirname, "validators.js");
    /* eslint-disable @typescript-eslint/no-require-imports -- loaded at the first use */
    loaded = existsSync(ready)
      ? (require(ready) as Validators)
      : (require("./compile-validators") as typeof CompileValidators).compileValidators();
    /* eslint-enable @typescript-eslint/no-require-imports */
  }
  return loaded;
}

/**
 * Checks a notebook against nbformat 4.5.
 *
 * @throws TsloraError `bad-input` that lists every problem with its cell.
 */
export function checkNotebook(notebook: JsonRecord, path: string): void {
  const { cells, ...rest } = notebook;
  const list: readonly unknown[] = Array.isArray(cells) ? cells : [];
  const problems = notebookProblems(rest, list);
  if (!Array.isArray(cells))
    problems.push(cells === undefined ? 'the notebook: must have required property "cells"' : "cells: must be array");
  list.forEach((cell, index) => problems.push(...cellProblems(cell, index)));
  refuseNotebook(problems, path);
}

/** @throws TsloraError `bad-input` if there are problems */
export function refuseNotebook(found: readonly string[], path: string): void {
  const problems = new Problems(`${path} is not a valid notebook`);
  for (const problem of found) problems.expect(false, problem);
  problems.throwIfAny("bad-input");
}

/** Checks a notebook without its cells, and that the cells' ids differ. */
export function notebookProblems(notebook: object, cells: readonly unknown[]): string[] {
  const validate = validators().notebook;
  const problems = validate(notebook)
    ? []
    : (validate.errors ?? []).map((error) =>
        describe(error, error.instancePath.split("/").slice(1).join(", ") || "the notebook"),
      );
  const ids = new Set<unknown>();
  for (const [index, cell] of cells.entries()) {
    if (!isRecord(cell)) continue;
    if (ids.has(cell.id)) problems.push(`cell ${index + 1} has the id ${shownValue(cell.id)} of an earlier cell`);
    ids.add(cell.id);
  }
  return problems;
}

/** Checks one cell. */
export function cellProblems(cell: unknown, index: number): string[] {
  const validate = validators().cell;
  if (validate(cell)) return [];
  return (validate.errors ?? []).map((error) =>
    describe(error, [`cell ${index + 1}`, ...error.instancePath.split("/").slice(1)].join(", ")),
  );
}

function describe(error: ErrorObject, where: string): string {
  const extra = typeof error.params.additionalProperty === "string" ? ` (${error.params.additionalProperty})` : "";
  return `${where}: ${error.message ?? error.keyword}${extra}`;
}
