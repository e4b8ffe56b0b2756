import { TsloraError } from "../base/tslora-error";

/**
 * `JSON.parse` that says where a file is broken.
 *
 * @param path - what the message calls the file
 * @throws TsloraError `bad-input` with line and column, counted from 1.
 */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) as unknown;
  } catch (error) {
    const offset = brokenAt(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    const before = text.slice(0, offset).split("\n");
    const line = before.length;
    const column = (before.at(-1) ?? "").length + 1;
    const found = offset >= text.trimEnd().length ? "the file ends there" : `found ${JSON.stringify(text.slice(offset, offset + 12))}`;
    throw new TsloraError("bad-input", `${path} is not valid JSON: line ${line}, column ${column} (${found}). Restore the file, or repair it there.`, {
      cause: error,
      details: { path, line, column },
    });
  }
}

/**
 * The offset of the first character that no JSON text could have there. Node's message names it in some versions
 * only, and never at the end of the text; so the grammar is walked once more here, where it is known to fail.
 */
function brokenAt(text: string): number {
  // eslint-disable-next-line no-control-regex -- JSON strings may not hold control characters
  const token = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null))/y;
  const open: string[] = [];
  let expected: "value" | "value or ]" | "key" | "key or }" | ":" | ", or end" = "value";
  for (let at = 0; ; at = token.lastIndex) {
    token.lastIndex = at;
    const match = token.exec(text);
    const start = at + (/^[ \t\r\n]*/.exec(text.slice(at, at + 4096))?.[0].length ?? 0);
    if (match === null) return start;
    const [, mark, string] = match;
    const value = mark === undefined || mark === "{" || mark === "[";
    const place = match.index + match[0].length - (mark ?? string ?? match[3]).length;
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
