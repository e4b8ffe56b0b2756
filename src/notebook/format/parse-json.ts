import { TsloraError } from "../../base/tslora-error";

/** Limit of nesting in notebooks and other files; real ones have fewer than fifty levels. */
const DEEPEST = 500;

/**
 * Parses JSON; reports line and column of a fault, and refuses deep nesting, which would overflow recursive functions.
 *
 * @param path - the file's name in messages
 * @throws TsloraError `bad-input` with line and column, counted from 1.
 */
export function parseJson(text: string, path: string): unknown {
  try {
    const value = JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as unknown;
    if (isDeeper(value, DEEPEST))
      throw new TsloraError(
        "bad-input",
        `${path} is nested deeper than ${DEEPEST} levels. No notebook or option needs that; repair the file.`,
        { details: { path } },
      );
    return value;
  } catch (error) {
    if (error instanceof TsloraError) throw error;
    const offset = brokenAt(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    const before = text.slice(0, offset).split("\n");
    const line = before.length;
    const column = (before.at(-1) ?? "").length + 1;
    const found =
      offset >= text.trimEnd().length
        ? "the file ends there"
        : `found ${JSON.stringify(text.slice(offset, offset + 12))}`;
    throw new TsloraError(
      "bad-input",
      `${path} is not valid JSON: line ${line}, column ${column} (${found}). Restore the file, or repair it there.`,
      {
        cause: error,
        details: { path, line, column },
      },
    );
  }
}

/**
 * The offset of the first character that is not valid JSON. Node's message has it in some versions only, and never at
 * the end of the text, so this function parses the text, which is known to be invalid, once more.
 */
function brokenAt(text: string): number {
  const token = /[ \t\r\n]*(?:([{}[\],:])|(")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
  const open: string[] = [];
  let expected: "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" = "value";
  for (let at = 0; ; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(text);
    const start = afterBlanks(text, at);
    if (match === null) return start;
    const [, mark, quote] = match as unknown as [string, string | undefined, string | undefined];
    const end = quote === undefined ? undefined : stringEnd(text, start);
    if (quote !== undefined && end === undefined) return start;
    if (end !== undefined) token.lastIndex = end;
    const string = quote;
    const value = mark === undefined || mark === "{" || mark === "[";
    const place = start;
    if (expected === "key" || expected === "key or }") {
      if (string !== undefined) expected = ":";
      else if (mark === "}" && expected === "key or }") {
        open.pop();
        expected = ", or end";
      } else return place;
    } else if (expected === ":") {
      if (mark !== ":") return place;
      expected = "value";
    } else if (expected === ", or end") {
      if (mark === "," && open.length > 0) expected = open.at(-1) === "{" ? "key" : "value";
      else if ((mark === "}" && open.at(-1) === "{") || (mark === "]" && open.at(-1) === "[")) open.pop();
      else return place;
    } else if (mark === "]" && expected === "value or ]") {
      open.pop();
      expected = ", or end";
    } else if (!value) {
      return place;
    } else if (mark === undefined) {
      expected = ", or end";
    } else {
      open.push(mark);
      expected = mark === "{" ? "key or }" : "value or ]";
    }
  }
}

function afterBlanks(text: string, from: number): number {
  const blanks = /[ \t\r\n]*/y;
  blanks.lastIndex = from;
  blanks.exec(text);
  return blanks.lastIndex;
}

/** The end of the JSON string that begins at a place; undefined for none. A loop, since texts may be long. */
export function stringEnd(text: string, start: number): number | undefined {
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at + 1;
    if (code < 0x20) return undefined;
    if (code !== 0x5c) continue;
    const escaped = text[++at];
    if (escaped === "u" && /^[\da-fA-F]{4}$/.test(text.slice(at + 1, at + 5))) at += 4;
    else if (!'"\\/bfnrt'.includes(escaped ?? "?")) return undefined;
  }
  return undefined;
}

/** Whether a JSON value is nested deeper than a number of levels. */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}
