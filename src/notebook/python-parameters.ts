import type { NotebookParameter, ParameterShape } from "./parameter-shape";

const ASSIGNMENT = /^([A-Za-z_]\w*)\s*(?::\s*([^=#]+?))?\s*=(?!=)\s*(.*)$/;

/** The parameters of a Python cell: assignments at its left margin, with a type hint, a type comment or a literal. */
export function pythonParameters(source: string): NotebookParameter[] {
  return logicalLines(source).flatMap((line): NotebookParameter[] => {
    const match = ASSIGNMENT.exec(line);
    if (match === null) return [];
    const [, name, written, rest] = match as unknown as [string, string, string | undefined, string];
    const [value, said] = splitComment(rest);
    const typed = /^type:\s*(\S+)\s*(.*)$/.exec(said);
    const hint = written ?? typed?.[1];
    const comment = typed === null ? said : typed[2];
    const shape = hint === undefined ? shapeOfLiteral(value) : shapeOfHint(hint);
    return [{ name, type: hint ?? shape.kind, default: value, comment, shape, assign: (literal) => `${name}${written === undefined ? "" : `: ${written}`} = ${literal}` }];
  });
}

/** Lines, those of an open bracket or with a backslash at their end joined, as Python takes them. */
function logicalLines(source: string): string[] {
  const lines: string[] = [];
  let open = "";
  for (const line of source.split("\n")) {
    const code = open === "" ? line : `${open} ${line.trim()}`;
    const bare = code.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|#.*$/g, "");
    const depth = (bare.match(/[([{]/g)?.length ?? 0) - (bare.match(/[)\]}]/g)?.length ?? 0);
    if (depth > 0 || /\\$/.test(code)) open = splitComment(code.replace(/\\$/, ""))[0] || code;
    else {
      lines.push(code);
      open = "";
    }
  }
  return open === "" ? lines : [...lines, open];
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

function shapeOfHint(written: string): ParameterShape {
  const hint = written.trim().replace(/^(["'])(.*)\1$/, "$2");
  const parts = topLevelParts(hint, "|");
  if (parts.length > 1) return { kind: "union", of: parts.map(shapeOfHint) };
  const generic = /^(?:typing\.)?(\w+)\[(.*)\]$/.exec(hint.trim());
  if (generic !== null) {
    const [, name, inside] = generic;
    if (name === "Optional") return { kind: "union", of: [shapeOfHint(inside), { kind: "null" }] };
    if (name === "Union") return { kind: "union", of: topLevelParts(inside).map(shapeOfHint) };
    if (name.toLowerCase() === "list") return { kind: "array", of: shapeOfHint(inside) };
    if (name.toLowerCase() === "dict") return { kind: "record", of: shapeOfHint(topLevelParts(inside)[1] ?? "Any") };
    if (name === "Literal") return { kind: "union", of: topLevelParts(inside).map((item) => ({ kind: "literal", value: literalValue(item) })) };
    return { kind: "any" };
  }
  const kinds: Record<string, ParameterShape["kind"] & ("string" | "integer" | "number" | "boolean" | "null")> = { str: "string", int: "integer", float: "number", bool: "boolean", None: "null" };
  if (hint.trim() === "list") return { kind: "array", of: { kind: "any" } };
  if (hint.trim() === "dict") return { kind: "record", of: { kind: "any" } };
  return { kind: Object.hasOwn(kinds, hint.trim()) ? kinds[hint.trim()] : "any" };
}

/** The parts of a text between separators that stand in no bracket and no quotes. */
function topLevelParts(text: string, separator = ","): string[] {
  const parts = [""];
  let depth = 0;
  let quote = "";
  for (const char of text) {
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === '"' || char === "'") quote = char;
    else if ("[({".includes(char)) depth++;
    else if ("])}".includes(char)) depth--;
    if (char === separator && depth === 0 && quote === "") parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim());
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
