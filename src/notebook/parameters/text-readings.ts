import { TsloraError } from "../../base/tslora-error";
import { parseExactJson } from "./exact-json";
import { takesKind, takesLiteral, type ParameterShape } from "./parameter-shape";
import { FloatValue, floatValue, Readings } from "./parameter-value";
import { isExact } from "./write-literal";

const INT = /^[+-]?\d+(?:_\d+)*$/;
const FLOAT = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][+-]?\d+(?:_\d+)*)?$/;
const BASED = /^0(?:[xX][\da-fA-F]+|[oO][0-7]+|[bB][01]+)$/;

/**
 * The readings of a text for a Python parameter. First papermill's: True, False, None, an int of any size, a float (as
 * Python's `int` and `float` read them). Then lists, maps, booleans and null as JSON and Python write them.
 */
export function pythonReadings(text: string, shape: ParameterShape): Readings {
  const trimmed = text.trim();
  const first = takesLiteral(text, shape) ? [text] : [];
  const scalar = pythonScalar(text);
  if (shape.kind === "scalar") return new Readings([...first, ...scalar, text]);
  return new Readings([
    ...first,
    ...scalar,
    ...valueReading(trimmed, "python"),
    text,
    ...(BASED.test(trimmed) ? [BigInt(trimmed)] : []),
  ]);
}

/**
 * The readings of a text for a TypeScript or JavaScript parameter: a number or JSON, then the text itself, then
 * Python's spellings if the type takes no text.
 */
export function typescriptReadings(text: string, shape: ParameterShape): Readings {
  const trimmed = text.trim();
  const number: unknown[] = [];
  if (/^-0+$/.test(trimmed)) number.push(...(takesKind(shape, "bigint") ? [0n] : []), new FloatValue(-0));
  else if (/^[+-]?\d+$/.test(trimmed)) number.push(BigInt(trimmed.replace(/^\+/, "")));
  else if (BASED.test(trimmed)) number.push(BigInt(trimmed));
  else if (/^[+-]?\d+n$/.test(trimmed) && takesKind(shape, "bigint"))
    number.push(BigInt(trimmed.slice(0, -1).replace(/^\+/, "")));
  else if (FLOAT.test(trimmed) && !trimmed.includes("_")) number.push(floatValue(trimmed));
  const spelled = pythonScalar(text);
  const nothing = trimmed === "undefined" && takesKind(shape, "undefined") ? [undefined] : [];
  const first = takesLiteral(text, shape) ? [text] : [];
  // for a type of texts alone, a number that a double cannot hold stays a text
  const lossy = number.some(
    (value) => (typeof value === "bigint" && !isExact(value)) || (value instanceof FloatValue && value.outOfRange),
  );
  const texts = lossy && !takesKind(shape, "string") ? [] : [text];
  return new Readings([...first, ...nothing, ...number, ...valueReading(trimmed, "typescript"), ...texts, ...spelled]);
}

/** A text as papermill reads it for `-p`; empty if it stays a text. */
function pythonScalar(text: string): unknown[] {
  const constants: Readonly<Record<string, unknown>> = { True: true, False: false, None: null };
  if (Object.hasOwn(constants, text)) return [constants[text]];
  const trimmed = text.trim();
  const digits = trimmed.replaceAll("_", "");
  if (INT.test(trimmed)) return [BigInt(digits.replace(/^\+/, ""))];
  if (FLOAT.test(trimmed)) return [floatValue(digits)];
  if (/^[+-]?nan$/i.test(trimmed)) return [new FloatValue(NaN)];
  const infinite = /^([+-]?)inf(?:inity)?$/i.exec(trimmed);
  return infinite === null ? [] : [new FloatValue(infinite[1] === "-" ? -Infinity : Infinity)];
}

/** Texts that are read as values: lists, maps, Python's tuples and sets, and the words of JSON. */
const VALUES: Readonly<Record<"typescript" | "python", RegExp>> = {
  typescript: /^(?:[[{]|true$|false$|null$)/,
  python: /^(?:[[{(]|set\(|true$|false$|null$)/,
};

/** A value in a text, in the syntax of a language; a JSON string stays a text with its quotes. */
function valueReading(text: string, syntax: "typescript" | "python"): unknown[] {
  if (!VALUES[syntax].test(text)) return [];
  try {
    return [parseExactJson(text, { path: "the value", syntax })];
  } catch (error) {
    if (error instanceof TsloraError) return []; // only the first characters look like a value
    throw error;
  }
}
