/* eslint-disable no-control-regex -- Python's `str.splitlines` splits at these characters */
const LINE =
  /[^\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]*(?:\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029])|[^\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]+$/g;
const RARE = /[\r\v\f\u001c-\u001e\u0085\u2028\u2029]/;
/* eslint-enable no-control-regex */

/** A text's lines with their ends, as `str.splitlines(keepends=True)` splits them; nbformat stores texts this way. */
export function splitLines(text: string): string[] {
  if (RARE.test(text)) return text.match(LINE) ?? [];
  const parts = text.split("\n");
  const last = parts.pop() ?? "";
  const lines = parts.map((line) => `${line}\n`);
  if (last !== "") lines.push(last);
  return lines;
}
