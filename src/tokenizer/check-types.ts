import type { Problems } from "../base/problems";
import { shownValue } from "../base/shown-value";
import type { Json } from "./json";

/** A requirement in words, and its test. */
export type TypeCheck = readonly [expected: string, holds: (value: unknown) => boolean];
export const FLAG: TypeCheck = ["true or false", (value: unknown): boolean => typeof value === "boolean"];
export const TOKEN: TypeCheck = ["a token", (value: unknown): boolean => contentOf(value) !== undefined];
export const TEXT: TypeCheck = ["a text", (value: unknown): boolean => typeof value === "string"];
export const TEXTS: TypeCheck = [
  "a list of texts",
  (value: unknown): boolean => Array.isArray(value) && value.every((text) => typeof text === "string"),
];
export const TOKENS: TypeCheck = [
  "a list of tokens",
  (value: unknown): boolean => Array.isArray(value) && value.every((token) => contentOf(token) !== undefined),
];

/** Reports every value of the wrong type, unless it is missing or null. */
export function checkTypes(
  given: Json,
  types: Readonly<Record<string, TypeCheck>>,
  { problems, where }: { problems: Problems; where: string },
): void {
  for (const [key, [expected, holds]] of Object.entries(types)) {
    const value = Object.hasOwn(given, key) ? (given[key] ?? undefined) : undefined;
    if (value !== undefined)
      problems.expect(holds(value), `${where}: "${key}" must be ${expected}; got ${shownValue(value)}`);
  }
}

/** A part of tokenizer.json, which must be an object or be missing. */
export function partOf(json: Json | undefined, key: string, problems: Problems): Json | undefined {
  const part = json?.[key] ?? undefined;
  return part === undefined ||
    problems.expect(isObject(part), `tokenizer.json: "${key}" must be an object; got ${shownValue(part)}`)
    ? (part as Json | undefined)
    : undefined;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value if it is an object, else an empty object. */
export function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** A token's text, given as a string or as an object's `content`. */
export function contentOf(token: unknown): string | undefined {
  const content = typeof token === "string" ? token : objectOf(token).content;
  return typeof content === "string" ? content : undefined;
}
