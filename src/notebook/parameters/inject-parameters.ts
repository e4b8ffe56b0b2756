import { Problems } from "../../base/problems";
import { TsloraError } from "../../base/tslora-error";
import { hasTag, type Cell, type CodeCell, type Notebook } from "../format/notebook-types";
import { FloatValue, Readings, TupleValue } from "./parameter-value";
import type { NotebookParameter } from "./parameter-shape";
import { parameterLanguage } from "./parameter-language";
import { parametersCell } from "./read-parameters";
import { writeLiteral } from "./write-literal";

/**
 * Values by parameter name: JSON values, bigints for ints of any size, or texts that are parsed by the parameter's
 * type. Each is written exactly, as a literal of the kernel's language, or refused.
 */
export type ParameterInput = Readonly<Record<string, unknown>>;

/** Values to inject, and the notebook that receives them. */
export interface InjectOptions {
  readonly values: ParameterInput;
  /** Names of parameters whose texts are not parsed. */
  readonly raw?: readonly string[];
  /** The kernel's language. */
  readonly language: string;
  /** The notebook's name in messages. */
  readonly path: string;
}

/**
 * Copies a notebook and inserts a cell tagged `injected-parameters` after its parameters cell, in place of an earlier
 * one. Without values the notebook is returned unchanged.
 *
 * @throws TsloraError `bad-option` that lists every unknown name and every value that its parameter does not take.
 */
export function injectParameters(notebook: Notebook, options: InjectOptions): Notebook {
  const { values, raw = [], path } = options;
  const names = Object.keys(values);
  if (names.length === 0) return notebook;
  const cell = parametersCell(notebook, path);
  if (cell === undefined) {
    throw new TsloraError(
      "bad-option",
      `${path} has no cell tagged "parameters", so it takes none; got ${names.join(", ")}. ` +
        "Tag the cell that declares them.",
      { details: { path, names } },
    );
  }
  const language = parameterLanguage(notebook, options);
  const known = new Map(language.read(cell.source).map((parameter) => [parameter.name, parameter]));
  const problems = new Problems(`${path}, parameters`);
  const lines = names.flatMap((name) => {
    const parameter = known.get(name);
    if (parameter === undefined) {
      problems.expect(
        false,
        `there is no parameter ${JSON.stringify(name)}; the notebook has ${[...known.keys()].join(", ") || "none"}`,
      );
      return [];
    }
    const given = values[name];
    const value = typeof given === "string" && !raw.includes(name) ? language.readings(given, parameter.shape) : given;
    const notes: string[] = [];
    const literal = writeLiteral(value, parameter.shape, language.dialect, notes);
    if (literal === undefined) problems.expect(false, mismatch(parameter, given, notes));
    return literal === undefined ? [] : [parameter.assign(literal)];
  });
  problems.throwIfAny();

  const earlier = notebook.cells.find(
    (candidate) => candidate.cell_type === "code" && hasTag(candidate, "injected-parameters"),
  );
  const injected: CodeCell = {
    cell_type: "code",
    id: earlier?.id ?? freeId(notebook.cells),
    metadata: { tags: ["injected-parameters"] },
    source: [`${language.comment} Parameters`, ...lines].join("\n"),
    execution_count: null,
    outputs: [],
  };
  const cells = notebook.cells
    .filter((candidate) => candidate !== earlier)
    .flatMap((candidate) => (candidate === cell ? [candidate, injected] : [candidate]));
  return { ...notebook, cells };
}

function mismatch({ name, type }: NotebookParameter, value: unknown, notes: readonly string[]): string {
  const reason = notes.length === 0 ? "" : ` (${notes.slice(0, 3).join("; ")})`;
  return `${name} must be ${cut(type.replace(/\s+/g, " "))}; got ${shown(value)}${reason}`;
}

function shown(value: unknown): string {
  if (value instanceof Readings) return shown(value.of[0]);
  if (value instanceof FloatValue) return String(value.value);
  if (typeof value !== "object" || value === null)
    return cut(typeof value === "string" ? JSON.stringify(value.slice(0, 100)) : String(value));
  if (value instanceof TupleValue) return `a tuple of ${value.items.length}`;
  if (value instanceof Set) return `a set of ${value.size}`;
  return Array.isArray(value) ? `a list of ${value.length}` : "a map";
}

function cut(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}

function freeId(cells: readonly Cell[]): string {
  const taken = new Set(cells.map((cell) => cell.id));
  for (let n = 0; ; n++) {
    const id = n === 0 ? "injected-parameters" : `injected-parameters-${n}`;
    if (!taken.has(id)) return id;
  }
}
