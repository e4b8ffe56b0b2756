/**
 * A JSON value as nbformat writes it: Python's `json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False)`.
 * Unlike `JSON.stringify` it sorts keys that are numbers as texts, and writes 1e-05.
 *
 * @param depth - levels of nesting above the value
 */
export function pythonJson(value: unknown, depth = 0): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return numberText(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const indent = `\n${" ".repeat(depth + 1)}`;
  const end = `\n${" ".repeat(depth)}`;
  if (Array.isArray(value))
    return value.length === 0
      ? "[]"
      : `[${indent}${value.map((item) => pythonJson(item, depth + 1)).join(`,${indent}`)}${end}]`;
  const record = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort(byCodePoint);
  const entries = keys.map((key) => `${JSON.stringify(key)}: ${pythonJson(record[key], depth + 1)}`);
  return keys.length === 0 ? "{}" : `{${indent}${entries.join(`,${indent}`)}${end}}`;
}

/** Python's `repr` of a float; whole numbers are written as ints, since JavaScript does not distinguish 1.0 from 1. */
function numberText(value: number): string {
  if (Number.isInteger(value) || !Number.isFinite(value)) return JSON.stringify(value);
  if (Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, "e-0$1");
}

/** Python compares texts by code points, JavaScript by UTF-16 units, which differ from U+E000 on. */
export function byCodePoint(a: string, b: string): number {
  for (let i = 0; ;) {
    const [left, right] = [a.codePointAt(i), b.codePointAt(i)];
    if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? -1 : 1;
    if (left !== right) return left - right;
    i += left > 0xffff ? 2 : 1;
  }
}
