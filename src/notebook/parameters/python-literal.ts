import { FloatValue, Readings } from "./parameter-value";
import type { LiteralDialect } from "./write-literal";

/** Digits above which Python refuses to read a decimal int; hexadecimal ones have no limit. */
const DECIMAL_DIGITS = 4300;

/** Literals of Python. */
export const PYTHON_DIALECT: LiteralDialect = {
  words: { none: "None", true: "True", false: "False" },
  string: quoted,
  integer: (value) => {
    const text = value.toString();
    if (text.length <= DECIMAL_DIGITS) return text;
    return value < 0n ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
  },
  float: ({ value }) => pythonFloat(value),
  list: (items) => `[${items.join(", ")}]`,
  tuple: (items) => (items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`),
  set: (items, { isFrozen }) => {
    const set = items.length === 0 ? "set()" : `{${items.join(", ")}}`;
    if (!isFrozen) return set;
    return items.length === 0 ? "frozenset()" : `frozenset(${set})`;
  },
  hasHashedSets: true,
  map: (entries) => `{${entries.map(([key, value]) => `${key}: ${value}`).join(", ")}}`,
  keyText: pythonKey,
};

/** A float as Python's `repr` writes it, except that nan and infinity are calls of `float`. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "float('nan')";
  if (!Number.isFinite(value)) return value > 0 ? "float('inf')" : "float('-inf')";
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const [digits, exponent] = Math.abs(value).toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 16) {
    return sign + (Number.isInteger(value) ? Math.abs(value).toFixed(1) : String(Math.abs(value)));
  }
  return `${sign}${digits}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/**
 * A text as a literal in double quotes that Python and TypeScript both read. Escapes control characters, and characters
 * that editors show as line ends or that change the direction of text.
 */
export function quoted(text: string): string {
  const hex = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return JSON.stringify(text).replace(/[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, hex);
}

/** A key as Python's `str` shows it; papermill writes keys this way. */
function pythonKey(key: unknown): string {
  if (key instanceof Readings) return pythonKey(key.of[0]);
  if (key === null || key === undefined) return "None";
  if (typeof key === "boolean") return key ? "True" : "False";
  if (key instanceof FloatValue) return pythonFloat(key.value).replace(/^float\('(.*)'\)$/, "$1");
  return typeof key === "string" || typeof key === "number" || typeof key === "bigint" ? String(key) : "";
}
