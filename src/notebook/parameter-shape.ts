import { isRecord } from "./json";

/** What values a parameter takes: as much of a type as can be told from its text alone. */
export type ParameterShape =
  | { readonly kind: "string" | "number" | "integer" | "boolean" | "null" | "any" }
  | { readonly kind: "literal"; readonly value: string | number | boolean }
  | { readonly kind: "union"; readonly of: readonly ParameterShape[] }
  | { readonly kind: "array"; readonly of: ParameterShape }
  | { readonly kind: "record"; readonly of: ParameterShape }
  | { readonly kind: "object"; readonly fields: ReadonlyMap<string, { readonly shape: ParameterShape; readonly optional: boolean }> };

/** One parameter of a notebook, as its parameters cell declares it. */
export interface NotebookParameter {
  readonly name: string;
  /** The type as written, or as the default tells it. */
  readonly type: string;
  /** The default's source text. */
  readonly default: string;
  readonly comment: string;
  readonly shape: ParameterShape;
  /** The declaration with another value in place of the default. */
  readonly assign: (literal: string) => string;
}

/** A value that a parameter takes, or undefined for one that it does not. */
export type ShapedValue = { readonly value: unknown } | undefined;

/**
 * Reads a value as a shape asks. A text, as a command line gives it, is what it says where the shape takes that text
 * as a string literal; else the JSON or number in it where the shape takes that; else a string.
 */
export function readAs(input: unknown, shape: ParameterShape): ShapedValue {
  if (typeof input !== "string") return takeAs(input, shape);
  if (takesLiteral(input, shape)) return { value: input };
  const parsed = numberOrJson(input);
  if (parsed !== undefined && typeof parsed.value !== "string" && fits(parsed.value, shape)) return parsed;
  return fits(input, shape) ? { value: input } : undefined;
}

/** A value as it is, where a shape takes it. */
export function takeAs(value: unknown, shape: ParameterShape): ShapedValue {
  return fits(value, shape) ? { value } : undefined;
}

function numberOrJson(text: string): ShapedValue {
  const number = Number(text);
  if (text.trim() !== "" && Number.isFinite(number)) return { value: number };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function takesLiteral(text: string, shape: ParameterShape): boolean {
  return shape.kind === "union" ? shape.of.some((part) => takesLiteral(text, part)) : shape.kind === "literal" && shape.value === text;
}

/** Whether a value is of a shape. Numbers are finite. */
export function fits(value: unknown, shape: ParameterShape): boolean {
  switch (shape.kind) {
    case "any":
      return typeof value !== "number" || Number.isFinite(value);
    case "string":
      return typeof value === "string";
    case "number":
      return Number.isFinite(value);
    case "integer":
      return Number.isInteger(value);
    case "boolean":
      return typeof value === "boolean";
    case "null":
      return value === null;
    case "literal":
      return value === shape.value;
    case "union":
      return shape.of.some((part) => fits(value, part));
    case "array":
      return Array.isArray(value) && value.every((item) => fits(item, shape.of));
    case "record":
      return isRecord(value) && Object.values(value).every((item) => fits(item, shape.of));
    case "object":
      return (
        isRecord(value) &&
        Object.keys(value).every((key) => shape.fields.has(key)) &&
        [...shape.fields].every(([key, field]) => (key in value ? fits(value[key], field.shape) : field.optional))
      );
  }
}
