/** What Python's `str.splitlines` takes for a line's end. */
// eslint-disable-next-line no-control-regex -- Python splits at these characters
const LINE =
  /[^\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]*(?:\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029])|[^\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]+$/g;
// eslint-disable-next-line no-control-regex -- as above
const RARE = /[\r\v\f\u001c-\u001e\u0085\u2028\u2029]/;

/** A text's lines with their ends, as `str.splitlines(keepends=True)` cuts them: how nbformat stores texts. */
export function splitLines(text: string): string[] {
  if (RARE.test(text)) return text.match(LINE) ?? [];
  const parts = text.split("\n");
  const last = parts.pop() ?? "";
  const lines = parts.map((line) => `${line}\n`);
  if (last !== "") lines.push(last);
  return lines;
}
