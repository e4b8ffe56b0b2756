import type { NotebookParameter, ParameterShape } from "./parameter-shape";

const QUOTED = String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`;
const ASSIGNMENT = new RegExp(
  String.raw`^([\p{L}_][\p{L}\p{N}_]*)\s*(?::\s*((?:${QUOTED}|[^=#"'])+))?=(?!=)\s*(.*)$`,
  "su",
);
/** A string (of triple quotes, or up to the line's end), a comment, a joined line end, or any character. */
const TOKEN = /("""|''')(?:\\.|(?!\1).)*(?:\1|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|#[^\n]*|\\\n|./gs;

/** The parameters of a Python cell: unindented assignments with a type hint, a type comment or a literal. */
export function pythonParameters(source: string): NotebookParameter[] {
  return logicalLines(source).flatMap(({ code, comment: behind }): NotebookParameter[] => {
    const match = ASSIGNMENT.exec(code);
    if (match === null) return [];
    const [, name, annotation, value] = match as unknown as [string, string, string | undefined, string];
    const written = annotation?.trim();
    const [typed, comment] = written === undefined ? typeComment(behind) : [undefined, typeComment(behind)[1]];
    const hint = written ?? typed;
    const { shape, type } = hint === undefined ? shapeOfLiteral(value) : { shape: shapeOfHint(hint), type: hint };
    const assign = (literal: string): string => `${name}${written === undefined ? "" : `: ${written}`} = ${literal}`;
    return [{ name, type, default: value, comment, shape, assign }];
  });
}

/** The type of a `type:` comment, and the text after it. */
function typeComment(comment: string): [type: string | undefined, rest: string] {
  const start = /^type:\s*/.exec(comment)?.[0].length;
  if (start === undefined) return [undefined, comment];
  const text = comment.slice(start);
  let depth = 0;
  let end = 0;
  for (; end < text.length; end++) {
    if ("[(".includes(text[end])) depth++;
    else if ("])".includes(text[end])) depth--;
    // "int | None" contains blanks
    else if (
      /\s/.test(text[end]) &&
      depth <= 0 &&
      !/^\s*\|/.test(text.slice(end, end + 20)) &&
      !/\|\s*$/.test(text.slice(Math.max(0, end - 20), end))
    )
      break;
  }
  return [text.slice(0, end), text.slice(end).trim()];
}

/** A logical line of Python: its code, and the comment after it. */
interface LogicalLine {
  readonly code: string;
  readonly comment: string;
}

/**
 * Python's logical lines: lines inside brackets, and lines that end in a backslash, are joined. A line end in a string
 * becomes `\n`.
 */
function logicalLines(source: string): LogicalLine[] {
  const lines: LogicalLine[] = [];
  let joined: string[] = []; // the lines before, which the current one continues
  let line = "";
  let comment = "";
  let depth = 0;
  const endLine = (): void => {
    const code = [...joined, joined.length === 0 ? line.trimEnd() : line.trim()].filter((part) => part !== "");
    lines.push({ code: code.join(" "), comment });
    [joined, line, comment] = [[], "", ""];
  };
  for (const [token] of source.replace(/\r\n?/g, "\n").matchAll(TOKEN)) {
    if (token === "\\\n" || (token === "\n" && depth > 0)) {
      joined.push(joined.length === 0 ? line.trimEnd() : line.trim());
      line = "";
    } else if (token === "\n") endLine();
    else if (token.startsWith("#")) comment = depth > 0 ? comment : token.slice(1).trim();
    else {
      if ("([{".includes(token)) depth++;
      else if (")]}".includes(token)) depth = Math.max(0, depth - 1);
      // in a string a line end stays, and one behind a backslash joins two lines
      line += token.replace(/\\([^])|\n/g, (all, next?: string) => (next === "\n" ? "" : all === "\n" ? "\\n" : all));
    }
  }
  endLine();
  return lines;
}

const SIMPLE: Readonly<Record<string, ParameterShape>> = {
  str: { kind: "string" },
  int: { kind: "integer" },
  float: { kind: "float" },
  bool: { kind: "boolean" },
  None: { kind: "null" },
  NoneType: { kind: "null" },
};
const LISTS = ["list", "sequence", "mutablesequence", "iterable", "collection"];
const SETS = ["set", "frozenset", "abstractset", "mutableset"];
const MAPS = ["dict", "mapping", "mutablemapping", "ordereddict", "defaultdict"];

function shapeOfHint(written: string): ParameterShape {
  const hint = written
    .trim()
    .replace(/^(["'])(.*)\1$/, "$2")
    .trim();
  const parts = topLevelParts(hint, "|");
  if (parts.length > 1) return { kind: "union", of: parts.map(shapeOfHint) };
  const [, name, inside] = /^(?:\w+\.)*(\w+)(?:\[(.*)\])?$/s.exec(hint) ?? [];
  if (name === undefined) return { kind: "any" };
  const inner =
    inside === undefined ? [] : topLevelParts(inside).map((part) => (): ParameterShape => shapeOfHint(part));
  const lower = name.toLowerCase();
  if (LISTS.includes(lower)) return { kind: "array", of: inner[0]?.() ?? { kind: "any" } };
  if (SETS.includes(lower))
    return { kind: "set", of: inner[0]?.() ?? { kind: "any" }, isFrozen: lower === "frozenset" };
  if (lower === "tuple") return tupleOfHint(inside);
  if (MAPS.includes(lower))
    return inner.length < 2
      ? { kind: "record", of: { kind: "any" } }
      : { kind: "record", key: inner[0](), of: inner[1]() };
  if (inside === undefined) return Object.hasOwn(SIMPLE, name) ? SIMPLE[name] : { kind: "any" };
  if (name === "Optional") return { kind: "union", of: [shapeOfHint(inside), { kind: "null" }] };
  if (name === "Union") return { kind: "union", of: inner.map((shape) => shape()) };
  if (name === "Annotated" || name === "Final" || name === "ClassVar") return inner[0]();
  if (name === "Literal")
    return { kind: "union", of: topLevelParts(inside).map((item) => ({ kind: "literal", value: literalValue(item) })) };
  return { kind: "any" };
}

/** The shape of `tuple[int, str]`, `tuple[int, ...]`, `tuple[()]` and `tuple`. */
function tupleOfHint(inside: string | undefined): ParameterShape {
  if (inside === undefined) return { kind: "tuple", of: [], rest: { kind: "any" } };
  const parts = topLevelParts(inside).filter((part) => part !== "" && part !== "()");
  return parts.at(-1) === "..."
    ? { kind: "tuple", of: [], rest: shapeOfHint(parts[0]) }
    : { kind: "tuple", of: parts.map(shapeOfHint) };
}

/** The parts of a text between separators outside brackets and quotes. */
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

/** The values that an untyped parameter accepts. Its default is only a hint, since Python enforces no type. */
function shapeOfLiteral(value: string): { shape: ParameterShape; type: string } {
  const plain = (...of: ParameterShape[]): ParameterShape => ({ kind: "union", of: [...of, { kind: "null" }] });
  if (/^(?:[rbfu]|[rb][rbf]|f[rb])?["']/i.test(value)) return { type: "string", shape: { kind: "scalar" } };
  if (/^[+-]?\d[\d_]*$|^0[xob][\da-f_]+$/i.test(value))
    return { type: "number", shape: plain({ kind: "number" }, { kind: "boolean" }) };
  if (/^[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?$/.test(value))
    return { type: "number", shape: plain({ kind: "number", prefersFloat: true }, { kind: "boolean" }) };
  if (value === "True" || value === "False")
    return { type: "boolean", shape: plain({ kind: "boolean" }, { kind: "number" }) };
  if (value.startsWith("[")) return { type: "array", shape: plain({ kind: "array", of: { kind: "any" } }) };
  if (isTuple(value)) return { type: "tuple", shape: plain({ kind: "tuple", of: [], rest: { kind: "any" } }) };
  const isFrozen = /^frozenset\(/.test(value);
  if (isFrozen || /^set\(/.test(value) || isSet(value))
    return { type: isFrozen ? "frozenset" : "set", shape: plain({ kind: "set", of: { kind: "any" }, isFrozen }) };
  if (value.startsWith("{")) return { type: "record", shape: plain({ kind: "record", of: { kind: "any" } }) };
  return { type: "any", shape: { kind: "any" } };
}

/** Whether a default is a tuple: `(1, 2)`, `()`, `1, 2` or a call of `tuple`. */
function isTuple(value: string): boolean {
  if (/^tuple\(/.test(value) || topLevelParts(value).length > 1) return true;
  const inside = /^\(([\s\S]*)\)$/.exec(value)?.[1];
  return inside !== undefined && (inside.trim() === "" || topLevelParts(inside).length > 1);
}

/** Whether a default in braces is a set: its first item has no colon. */
function isSet(value: string): boolean {
  const inside = /^\{([\s\S]*)\}$/.exec(value)?.[1].trim() ?? "";
  const [first] = topLevelParts(inside);
  return inside !== "" && !first.startsWith("**") && topLevelParts(first, ":").length === 1;
}

function literalValue(text: string): string | bigint | boolean | null {
  if (text === "True" || text === "False") return text === "True";
  if (text === "None") return null;
  if (/^[+-]?\d+$/.test(text)) return BigInt(text.replace(/^\+/, ""));
  return text.replace(/^[rbu]?(["'])(.*)\1$/is, "$2");
}
