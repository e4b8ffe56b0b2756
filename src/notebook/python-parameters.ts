import type { NotebookParameter, ParameterShape } from "./parameter-shape";

const ASSIGNMENT = /^([A-Za-z_]\w*)\s*(?::\s*([^=#]+?))?\s*=(?!=)\s*(.*)$/;

/** The parameters of a Python cell: assignments of one line at its left margin, with a type hint or a literal. */
export function pythonParameters(source: string): NotebookParameter[] {
  return source.split("\n").flatMap((line): NotebookParameter[] => {
    const match = ASSIGNMENT.exec(line);
    if (match === null) return [];
    const [, name, hint, rest] = match as unknown as [string, string, string | undefined, string];
    const [value, comment] = splitComment(rest);
    const shape = hint === undefined ? shapeOfLiteral(value) : shapeOfHint(hint);
    return [{ name, type: hint ?? shape.kind, default: value, comment, shape, assign: (literal) => `${name}${hint === undefined ? "" : `: ${hint}`} = ${literal}` }];
  });
}

/** A JSON value as Python writes it. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item)}`).join(", ")}}`;
  return JSON.stringify(value);
}

/** A value and the comment behind it; a hash inside quotes begins no comment. */
function splitComment(rest: string): [value: string, comment: string] {
  const match = /^((?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^#"'])*)(?:#\s*(.*))?$/.exec(rest);
  return match === null ? [rest.trim(), ""] : [match[1].trim(), (match[2] as string | undefined)?.trim() ?? ""];
}

function shapeOfHint(hint: string): ParameterShape {
  const parts = hint.split("|").map((part) => part.trim());
  if (parts.length > 1) return { kind: "union", of: parts.map(shapeOfHint) };
  const generic = /^(?:typing\.)?(\w+)\[(.*)\]$/.exec(hint.trim());
  if (generic !== null) {
    const [, name, inside] = generic;
    if (name === "Optional") return { kind: "union", of: [shapeOfHint(inside), { kind: "null" }] };
    if (name.toLowerCase() === "list") return { kind: "array", of: shapeOfHint(inside) };
    if (name === "Literal") return { kind: "union", of: inside.split(",").map((item) => ({ kind: "literal", value: literalValue(item.trim()) })) };
    return { kind: "any" };
  }
  const kinds: Record<string, ParameterShape["kind"] & ("string" | "integer" | "number" | "boolean" | "null")> = { str: "string", int: "integer", float: "number", bool: "boolean", None: "null" };
  if (hint.trim() === "list") return { kind: "array", of: { kind: "any" } };
  if (hint.trim() === "dict") return { kind: "record", of: { kind: "any" } };
  return { kind: Object.hasOwn(kinds, hint.trim()) ? kinds[hint.trim()] : "any" };
}

function shapeOfLiteral(value: string): ParameterShape {
  if (/^[rbu]?["']/.test(value)) return { kind: "string" };
  if (/^[+-]?\d[\d_]*$/.test(value)) return { kind: "number" }; // an int by default may well be meant as a float
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(value)) return { kind: "number" };
  if (value === "True" || value === "False") return { kind: "boolean" };
  if (value.startsWith("[")) return { kind: "array", of: { kind: "any" } };
  if (value.startsWith("{")) return { kind: "record", of: { kind: "any" } };
  return { kind: "any" };
}

function literalValue(text: string): string | number | boolean {
  if (text === "True" || text === "False") return text === "True";
  return /^["']/.test(text) ? text.slice(1, -1) : Number(text);
}
